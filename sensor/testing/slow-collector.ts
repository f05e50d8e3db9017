// In place of the sensor's program: a collector process that never finishes with the users.
let count = 0;
for await (const request of console) {
  if (request === "users") await new Promise(() => setInterval(() => {}, 1_000));
  count += 1;
  console.log(JSON.stringify({ status: "absent", reason: `reply ${count} of ${process.pid}` }));
}

export {};
