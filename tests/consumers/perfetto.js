// Asks Perfetto's trace processor, the WebAssembly that its UI runs in a worker:
//
//     node perfetto.js UI TRACE QUERY
//
// UI is the folder with `engine_bundle.js`; the query gives one row with one text, which is printed. Messages are those
// of Perfetto's protos/perfetto/trace_processor/trace_processor.proto.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [ui, trace, query] = process.argv.slice(2);
const [APPEND, FINALIZE, QUERY] = [1, 2, 3];

/** What a worker finds around it, as far as the engine looks. */
function worker() {
  class XMLHttpRequest {
    open(method, url) { this.url = url; }
    send() {
      const { buffer, byteOffset, length } = fs.readFileSync(path.join(ui, path.basename(this.url)));
      Object.assign(this, { status: 200, response: buffer.slice(byteOffset, byteOffset + length) });
    }
  }
  const silent = () => {};
  const console = { log: silent, warn: silent, error: silent, debug: silent };
  const { URL, TextDecoder, TextEncoder, performance, crypto, setTimeout, clearTimeout } = globalThis;
  const self = { location: { href: "http://localhost/" } };
  class WorkerGlobalScope {}
  return vm.createContext({ self, WorkerGlobalScope, XMLHttpRequest, console, URL, TextDecoder, TextEncoder, performance, crypto, setTimeout, clearTimeout });
}

function varint(n) {
  const bytes = [];
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
}

const integer = (field, n) => Buffer.concat([varint(field * 8), varint(n)]);
const bytes = (field, content) => Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);

/** The fields of a message: numbers, and bytes of those that have a length. */
function fields(message) {
  const found = [];
  let at = 0;
  const read = () => {
    let n = 0;
    for (let unit = 1; at < message.length; unit *= 128) {
      const byte = message[at++];
      n += (byte & 127) * unit;
      if (byte < 128) return n;
    }
    throw new Error("a message ends within a number");
  };
  while (at < message.length) {
    const tag = read();
    const size = { 1: 8, 5: 4 }[tag & 7] ?? read();
    const whole = (tag & 7) === 0;
    found.push([tag >> 3, whole ? size : message.subarray(at, at + size)]);
    at += whole ? 0 : size;
  }
  return found;
}

const all = (message, wanted) => fields(message).filter(([field]) => field === wanted).map(([, content]) => content);

const replies = [];
const port = { postMessage: (reply) => replies.push(Buffer.from(reply)) };
const context = worker();
vm.runInContext(fs.readFileSync(path.join(ui, "engine_bundle.js"), "utf8"), context);
context.self.onmessage({ data: port });
// The engine has begun once it waits for nothing but messages.
process.once("beforeExit", () => {
  // It asks whether what it gets is an array of its own world.
  const Uint8Array = vm.runInContext("Uint8Array", context);
  let asked = 0;
  const ask = (request, argument, result, error) => {
    const call = Buffer.concat([integer(1, asked++), integer(2, request), argument]);
    port.onmessage({ data: new Uint8Array(bytes(1, call)) });
    const answers = all(Buffer.concat(replies.splice(0)), 1);
    const told = answers.flatMap((answer) => all(answer, result));
    const wrong = [...answers.flatMap((answer) => all(answer, 5)), ...told.flatMap((one) => all(one, error))].map(String).filter(Boolean);
    if (!told.length || wrong.length) throw new Error(`request ${request}: ${wrong.join(", ") || "no answer"}`);
    return told;
  };
  ask(APPEND, bytes(101, fs.readFileSync(trace)), 201, 2);
  ask(FINALIZE, Buffer.alloc(0), 212, 1);
  const batches = ask(QUERY, bytes(103, bytes(1, Buffer.from(query))), 203, 2).flatMap((result) => all(result, 3));
  const texts = batches.flatMap((batch) => all(batch, 5)).flatMap((joined) => String(joined).split("\0")).filter(Boolean);
  if (texts.length !== 1) throw new Error(`one row with one text was asked for, not ${texts.length}`);
  console.log(texts[0]);
});
