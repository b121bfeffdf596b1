// A device on MQTT.js: says what stands in the lines of its input, and prints the receipt that covers all of it.
// node publish.js PORT DEVICE PASSWORD BOOT UPTO < lines of {"topic": …, "payload": …, "retain": …}
const mqtt = require("mqtt");
const [port, device, password, boot, upto] = process.argv.slice(2);
const lines = require("fs").readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));

const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, username: device, password, clientId: device });
let isDone = false; // a broker may cut the connection before the goodbye is through
client.on("error", (error) => { if (!isDone) { console.error(String(error)); process.exit(1); } });
client.on("message", (topic, payload) => {
  const receipt = JSON.parse(payload);
  if (topic === `evc/${device}/ack` && receipt.boot === boot && receipt.upto >= Number(upto) && receipt.missing.length === 0) {
    isDone = true;
    console.log(JSON.stringify(receipt));
    client.end(false, () => process.exit(0));
  }
});
client.on("connect", async () => {
  await client.subscribeAsync(`evc/${device}/ack`, { qos: 1 });
  for (const { topic, payload, retain } of lines) await client.publishAsync(topic, payload, { qos: 1, retain: Boolean(retain) });
});
