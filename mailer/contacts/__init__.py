"""The registry: organisations, offices, contacts, outlets, media lists and suppression.

``models`` are their tables; ``spelling`` folds names and addresses for comparison.
"""
