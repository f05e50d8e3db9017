// Linux chooses among the listeners of a shared port by a hash of the connection, or by a filter of the
// listeners (socket(7), SO_ATTACH_REUSEPORT_CBPF). The filter here selects the second listener: from the
// moment it joins the port, it gets every new connection, and the first one completes its own. With a single
// listener, the filter has no effect.
import { dlopen, ptr } from "bun:ffi";

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** `BPF_RET | BPF_K`: returns a constant, the index of the listener. */
const RETURN = 0x06;
const SECOND = 1;

export interface OrderedPort extends Disposable {
  port: number;
  /** False if the system chooses by hash. */
  isOrdered: boolean;
}

/** An option of Bun that its types do not have. */
type PortOptions = Bun.TCPSocketListenOptions & { reusePort: boolean };
type Holder = Bun.TCPSocketListener & { fd: number };

/** Reserves the port (0: any free one) until disposal. The first listener must join before that. */
export function orderPort(hostname: string, port: number): OrderedPort {
  const options: PortOptions = { hostname, port, reusePort: true, socket: { data() {} } };
  const holder = Bun.listen(options) as Holder;
  return {
    port: holder.port,
    isOrdered: attachFilter(holder.fd),
    [Symbol.dispose]: () => holder.stop(true),
  };
}

function attachFilter(fd: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const { symbols, close } = dlopen("libc.so.6", {
      setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    });
    // struct sock_filter { u16 code; u8 jt, jf; u32 k; }
    const filter = new DataView(new ArrayBuffer(8));
    filter.setUint16(0, RETURN, true);
    filter.setUint32(4, SECOND, true);
    // struct sock_fprog { u16 len; struct sock_filter *filter; }
    const program = new DataView(new ArrayBuffer(16));
    program.setUint16(0, 1, true);
    program.setBigUint64(8, BigInt(ptr(filter)), true);
    const result = symbols.setsockopt(
      fd,
      SOL_SOCKET,
      SO_ATTACH_REUSEPORT_CBPF,
      ptr(program),
      program.byteLength,
    );
    close();
    return result === 0;
  } catch {
    // Another C library, or a sandbox without this option.
    return false;
  }
}
