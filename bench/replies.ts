// Just as much of HTTP/1.1 as the load generator needs to read the replies of our server.

const HEADERS_END = Buffer.from("\r\n\r\n");
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Whether the bytes are a reply with all of its body. A reply without Content-Length never is. */
export function hasWholeReply(bytes: Buffer): boolean {
  const end = bytes.indexOf(HEADERS_END);
  if (end < 0) return false;
  const length = LENGTH.exec(bytes.toString("latin1", 0, end))?.[1];
  return length !== undefined && bytes.length >= end + HEADERS_END.length + Number(length);
}

/** Whether the status line, e.g. `HTTP/1.1 201 Created`, has a status from 200 to 299. */
export function isSuccess(bytes: Buffer): boolean {
  return bytes.toString("latin1", 8, 10) === " 2";
}
