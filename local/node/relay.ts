import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import {
  connect,
  createServer,
  type ListenOptions,
  type NetConnectOpts,
  type Server,
  type Socket,
} from "node:net";

/** Lead each connection to `from` to `to`. Sockets in the file system join two network namespaces. */
export function forward(from: ListenOptions, to: NetConnectOpts): Server {
  const server = createServer({ allowHalfOpen: true }, (socket) => join(socket, to));
  return server.listen(from);
}

/**
 * A proxy that connects to any address that its own network namespace reaches, for `CONNECT` of HTTP.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
 */
export function connectProxy(from: ListenOptions): HttpServer {
  const server = createHttpServer((_request, response) => {
    response.writeHead(405).end();
  });
  server.on("connect", (request, socket: Socket, head: Buffer) => {
    const { hostname, port } = new URL(`http://${request.url}`);
    const other = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 80),
      allowHalfOpen: true,
    });
    other.once("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) other.write(head);
      socket.pipe(other).pipe(socket);
    });
    other.once("error", (error) => socket.end(`HTTP/1.1 502 Bad Gateway\r\n\r\n${error.message}`));
    other.once("close", () => socket.destroy());
    socket.once("error", () => other.destroy());
    socket.once("close", () => other.destroy());
  });
  // Watches and logs are followed for hours.
  server.requestTimeout = 0;
  server.timeout = 0;
  return server.listen(from);
}

function join(socket: Socket, to: NetConnectOpts): void {
  const other = connect({ ...to, allowHalfOpen: true });
  socket.pipe(other).pipe(socket);
  for (const [one, another] of [
    [socket, other],
    [other, socket],
  ] as const) {
    one.once("error", () => another.destroy());
    one.once("close", () => another.destroy());
  }
}
