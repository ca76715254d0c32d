// Sends so many personal messages with nodemailer's pool and prints the seconds that it took.
//     node nodemailer.cjs FOLDER PORT COUNT
// FOLDER holds node_modules and sample.json: subject, text, html, sender, and the marks of what is personal.

const fs = require('node:fs');
const path = require('node:path');

const [folder, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const nodemailer = require(path.join(path.resolve(folder), 'node_modules', 'nodemailer'));
const sample = JSON.parse(fs.readFileSync(path.join(folder, 'sample.json'), 'utf8'));
const transporter = nodemailer.createTransport({
  host: '127.0.0.1',
  port,
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: 10,
  maxMessages: Infinity,
});

const personal = (text, name, token) => text.replaceAll(sample.name, name).replaceAll(sample.token, token);

let next = 0;

// A few more than there are connections, so that none of them ever waits for a message.
async function sendOn() {
  while (next < count) {
    next += 1;
    const name = `Nour Haddad ${next}`;
    const token = `token${next}`;
    await transporter.sendMail({
      from: sample.sender,
      to: { name, address: `nour.haddad.${next}@paper.example` },
      subject: sample.subject,
      text: personal(sample.text, name, token),
      html: personal(sample.html, name, token),
      list: { unsubscribe: `https://desk.example/unsubscribe/${token}` },
    });
  }
}

(async () => {
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: 30 }, sendOn));
  console.log(Number(process.hrtime.bigint() - start) / 1e9);
  transporter.close();
})();
