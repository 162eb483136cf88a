import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRegularFile, refuseIrregular } from "./files.ts";

const folder = mkdtempSync(join(tmpdir(), "files-"));
const pipe = join(folder, "pipe");
const socket = join(folder, "socket");
const server = createServer();
const posix = process.platform !== "win32";

beforeAll(async () => {
  if (!posix) return;
  execFileSync("mkfifo", [pipe]);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("an ordinary file is opened for reading", () => {
  const file = join(folder, "plain");
  writeFileSync(file, "abc");
  const descriptor = openRegularFile(file);
  const bytes = Buffer.alloc(3);
  readSync(descriptor, bytes, 0, 3, 0);
  closeSync(descriptor);
  expect(bytes.toString()).toBe("abc");
});

test("a missing file is named where it is opened, and left to the reader where it is not", () => {
  expect(() => openRegularFile(join(folder, "none"))).toThrow(/none: no such file$/);
  refuseIrregular(join(folder, "none"));
});

for (const refuse of [openRegularFile, refuseIrregular]) {
  test(`a folder is named (${refuse.name})`, () => {
    expect(() => refuse(folder)).toThrow(/is a folder \(expected an ordinary file\)$/);
  });

  test.skipIf(!posix)(`a pipe, a socket and a device are refused at once (${refuse.name}; needs POSIX)`, () => {
    expect(() => refuse(pipe)).toThrow(/pipe: is a named pipe/);
    expect(() => refuse(socket)).toThrow(/socket: is a socket/);
    expect(() => refuse("/dev/zero")).toThrow(/zero: is a device/);
  });
}
