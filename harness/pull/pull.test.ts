import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  arrived,
  bring,
  client,
  content,
  eachWithHome,
  home,
  open,
  other,
  published,
  sha256,
  weights,
} from "./fixtures/pulling.ts";
import { breakWhen, sendFile } from "./fixtures/server.ts";
import { stateOf } from "./index.ts";

eachWithHome();

test("a file comes, is checked, is put in its place under its id, and is not asked for again", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  const record = await bring(published(server));
  expect(record).toMatchObject({ bytes: content.length, sha256, trust: "published" });
  expect(readFileSync(weights()).equals(content)).toBe(true);
  expect((await bring(published(server))).pulledAt).toBe(record.pulledAt);
  expect(server.requests).toEqual(["/weights/model.pth"]);
  expect(readdirSync(join(home, "downloads"))).toEqual([]);
});

test("a file that a killed pull put in its place and did not record is recognised by its hash", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  const record = await bring(published(server));
  const records = join(home, "pulled");
  for (const name of readdirSync(records)) rmSync(join(records, name));
  expect(await bring(published(server))).toMatchObject({ sha256, bytes: content.length, places: record.places });
  expect(server.requests).toHaveLength(1);
  expect((await stateOf(home, published(server).file)).state).toBe("here");
  for (const name of readdirSync(records)) rmSync(join(records, name));
  writeFileSync(weights(), other);
  await bring(published(server));
  expect(server.requests).toHaveLength(2);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a connection that breaks again and again is made anew from where it broke", async () => {
  const server = await open((request, response) =>
    sendFile(request, response, content, { breakAfter: 60_000, arrived }),
  );
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
  const starts = server.requests.map((each) => Number(/bytes=(\d+)-/.exec(each)?.[1] ?? 0));
  expect(starts).toEqual([0, 60_000, 120_000, 180_000]);
});

test("a server that brings nothing new is given up, and the next pull goes on from what came", async () => {
  let sick = true;
  const server = await open((request, response, nth) => {
    if (!sick) return sendFile(request, response, content);
    return nth === 1 ? sendFile(request, response, content, { breakAfter: 50_000, arrived }) : response.destroy();
  });
  await expect(bring(published(server))).rejects.toThrow("the connection failed 3 times in a row");
  expect(await stateOf(home, published(server).file)).toEqual({ state: "partial", bytes: 50_000 });
  sick = false;
  await bring(published(server));
  expect(server.requests.at(-1)).toBe("/weights/model.pth bytes=50000-");
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a server that ignores ranges begins anew, and the file is whole", async () => {
  const server = await open((request, response, nth) =>
    sendFile(request, response, content, {
      ranges: "no",
      breakAfter: nth === 1 ? 90_000 : undefined,
      arrived: nth === 1 ? arrived : undefined,
    }),
  );
  await bring(published(server));
  expect(server.requests).toHaveLength(2);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a server that ignores ranges and always breaks at one place is given up", async () => {
  const server = await open((request, response) =>
    sendFile(request, response, content, { ranges: "no", breakAfter: 90_000, arrived }),
  );
  await expect(bring(published(server))).rejects.toThrow("the connection failed 3 times in a row");
});

test("a file that changed meanwhile is taken as a whole, not glued to the old one's beginning", async () => {
  const server = await open((request, response, nth) =>
    nth === 1
      ? sendFile(request, response, other, { etag: '"old"', breakAfter: 90_000, arrived })
      : sendFile(request, response, content, { etag: '"new"' }),
  );
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("two halves of different files are refused where the server does not tell them apart, and both are dropped", async () => {
  const server = await open((request, response, nth) =>
    sendFile(request, response, nth === 1 ? other : content, nth === 1 ? { breakAfter: 90_000, arrived } : {}),
  );
  await expect(bring(published(server))).rejects.toThrow("the file is not what it must be");
  expect(await stateOf(home, published(server).file)).toEqual({ state: "absent" });
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a silent server is asked again for the rest", async () => {
  const server = await open((request, response, nth) =>
    sendFile(request, response, content, nth === 1 ? { stallAfter: 70_000 } : {}),
  );
  await bring(published(server), { client: client(1000) });
  expect(server.requests).toEqual(["/weights/model.pth", "/weights/model.pth bytes=70000-"]);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a server that says more than it sends is not believed", async () => {
  const server = await open((_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 1000));
    breakWhen(() => arrived(1000), response);
  });
  await expect(bring(published(server))).rejects.toThrow("the connection failed 3 times in a row");
  expect(existsSync(weights())).toBe(false);
});

test("another length than published is refused before the first byte", async () => {
  const server = await open((request, response) => sendFile(request, response, content.subarray(1)));
  await expect(bring(published(server))).rejects.toThrow(
    "not the published file (found 199999 bytes, expected 200000 bytes)",
  );
  expect(await stateOf(home, published(server).file)).toEqual({ state: "absent" });
});

test("a server that says no length and sends without end is stopped at the published length", async () => {
  const server = await open((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(content));
    };
    response.on("drain", more);
    more();
  });
  await expect(bring(published(server))).rejects.toThrow("sends more than the file (found over 200000 bytes)");
});

test("a body without a length that ends too early is not the file", async () => {
  const server = await open((_, response) => {
    response.write(content.subarray(0, 1234));
    response.end();
  });
  await expect(bring(published(server))).rejects.toThrow("ended after 1234 of 200000 bytes");
});

test("another file of the same length is refused with both hashes and not kept", async () => {
  const server = await open((request, response) => sendFile(request, response, other));
  await expect(bring(published(server))).rejects.toThrow(`expected ${sha256}`);
  expect(existsSync(weights())).toBe(false);
  expect(readdirSync(join(home, "downloads"))).toEqual([]);
});

test.each([
  ["a web page", 200, { "content-type": "text/html; charset=utf-8" }, "the server sent a web page instead of the file"],
  ["a packed body", 200, { "content-encoding": "gzip" }, "the server packs the file on the way (gzip)"],
  ["not found", 404, {}, "the server does not give this file (found status 404)"],
  ["forbidden", 403, {}, "the server does not give this file (found status 403)"],
  ["busy", 503, {}, "the connection failed 3 times in a row (found status 503)"],
  ["a redirect to nowhere", 302, {}, "redirects to no address (found none)"],
])("%s is named", async (_, status, headers, message) => {
  const server = await open((_request, response) => response.writeHead(status, headers).end("<html>sign in</html>"));
  await expect(bring(published(server))).rejects.toThrow(message);
});
