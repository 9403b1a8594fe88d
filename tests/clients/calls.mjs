// Calls of real clients, as they are asked for in JSON lines on standard input:
// {"client": "viem" | "viem batch" | "ethers", "url": .., "calls": [[method, params], ..]} is
// answered by [{"result": ..} | {"code": .., "message": ..}, ..], and
// {"encode": {"identifier": {..}, "payload": "0x.."}} by the entries of an access list.
import { createInterface } from "node:readline";
import { createClient, http } from "viem";
import { encodeAccessList } from "@eth-optimism/viem/utils/interop";
import { JsonRpcProvider } from "ethers";

const clients = new Map();

function client(name, url) {
  const key = `${name} ${url}`;
  if (!clients.has(key)) clients.set(key, make(name, url));
  return clients.get(key);
}

function make(name, url) {
  if (name === "ethers") {
    const provider = new JsonRpcProvider(url, 1, { staticNetwork: true });
    return (method, params) => provider.send(method, params);
  }
  const batch = name === "viem batch";
  // A refusal is what we want to see: nothing is tried again.
  const made = createClient({ transport: http(url, { batch, retryCount: 0 }) });
  return (method, params) => made.request({ method, params });
}

// Where each library keeps the code of a JSON-RPC error.
function code(error) {
  const places = [error?.error, error?.info?.error, error, error?.cause];
  return places.map((place) => place?.code).find((code) => Number.isInteger(code)) ?? null;
}

async function called(call, [method, params]) {
  try {
    const result = await call(method, params);
    return { result: result ?? null };
  } catch (error) {
    return { code: code(error), message: String(error?.message).slice(0, 200) };
  }
}

function encoded({ identifier, payload }) {
  const { origin, blockNumber, logIndex, timestamp, chainId } = identifier;
  const big = {
    origin,
    blockNumber: BigInt(blockNumber),
    logIndex: BigInt(logIndex),
    timestamp: BigInt(timestamp),
    chainId: BigInt(chainId),
  };
  return encodeAccessList(big, payload).flatMap((item) => item.storageKeys);
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  if (job.encode) {
    answer = encoded(job.encode);
  } else {
    const call = client(job.client, job.url);
    // All at once: clients that batch put them into one request.
    answer = await Promise.all(job.calls.map((it) => called(call, it)));
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
