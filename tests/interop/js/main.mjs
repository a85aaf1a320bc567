// Answers questions about @nats-io/jwt: JSON requests a line on standard input, one JSON answer a
// line on standard output. With the argument "bench" it times the library instead.

import { createInterface } from "node:readline";
import {
  createAccount,
  createUser,
  decode,
  encodeAccount,
  encodeUser,
  fmtCreds,
  fromSeed,
  parseCreds,
} from "@nats-io/jwt";

const operations = {
  async encode_user({ name, user, issuer, claims, options }) {
    return { token: await encodeUser(name, user, issuer, claims, options) };
  },
  async decode({ token }) {
    return { claims: decode(token) };
  },
  async creds({ token, seed }) {
    const pair = fromSeed(new TextEncoder().encode(seed));
    return { text: new TextDecoder().decode(fmtCreds(token, pair)) };
  },
  async parse_creds({ text }) {
    const { jwt, key, aid } = await parseCreds(new TextEncoder().encode(text));
    return { token: jwt, seed: key, account: aid };
  },
};

async function respond({ op, ...request }) {
  const operation = operations[op];
  if (!operation) throw new Error(`unknown operation ${op}`);
  try {
    return await operation(request);
  } catch (error) {
    return { error: String(error) };
  }
}

async function serve() {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await respond(JSON.parse(line))));
  }
}

// Times minting and decoding a user and decoding a large account, in microseconds.
async function bench() {
  const [account, user] = [createAccount(), createUser()];
  const token = await mint(account, user);
  const large = await encodeAccount("large", account, largeAccount());
  return {
    mint_us: await microseconds(() => mint(account, user)),
    decode_us: await microseconds(() => decode(token)),
    account_us: await microseconds(() => decode(large)),
  };
}

function mint(account, user) {
  const permissions = {
    pub: { allow: ["orders.>", "invoices.*"], deny: [] },
    sub: { allow: ["_INBOX.>", "events.>"], deny: [] },
  };
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return encodeUser("svc", user, account, permissions, { exp });
}

function largeAccount() {
  const exporter = createAccount().getPublicKey();
  const subjects = Array.from({ length: 20 }, (_, i) => `service.${i}.>`);
  const users = Array.from({ length: 200 }, () => createUser().getPublicKey());
  const now = Math.floor(Date.now() / 1000);
  return {
    exports: subjects.map((subject) => ({ name: "export", subject, type: "service" })),
    imports: subjects.map((subject) => ({
      name: "import",
      subject,
      account: exporter,
      type: "stream",
    })),
    revocations: Object.fromEntries(users.map((key) => [key, now])),
  };
}

async function microseconds(work) {
  const start = performance.now();
  let [runs, elapsed] = [0, 0];
  for (; elapsed < 1000; runs++) {
    await work();
    elapsed = performance.now() - start;
  }
  return (elapsed * 1000) / runs;
}

if (process.argv[2] === "bench") {
  console.log(JSON.stringify(await bench()));
} else {
  await serve();
}
