// Loaded first: names under .localhost lead to this machine, as in every browser and in no resolver of Debian's.
const dns = require("node:dns");
const { webcrypto } = require("node:crypto");

const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);

// Debian 12's Node 18 has these under another name only.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
