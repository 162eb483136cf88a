import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRegularFile, requireRegularFile } from "./files.ts";

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

for (const refuse of [openRegularFile, requireRegularFile]) {
  test(`a missing file and a folder are named (${refuse.name})`, () => {
    expect(() => refuse(join(folder, "none"))).toThrow(/none: no such file$/);
    expect(() => refuse(folder)).toThrow(/is a folder \(expected an ordinary file\)$/);
  });

  test.skipIf(!posix)(`a pipe, a socket and a device are refused at once (${refuse.name}; needs POSIX)`, () => {
    expect(() => refuse(pipe)).toThrow(/pipe: is a named pipe/);
    expect(() => refuse(socket)).toThrow(/socket: is a socket/);
    expect(() => refuse("/dev/zero")).toThrow(/zero: is a device/);
  });
}
