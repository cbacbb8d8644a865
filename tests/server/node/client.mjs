// The official SDKs, plain and streamed: prints the text and the tokens that they give back, as JSON.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const messages = [{ role: "user", content: "Where does the river meet the sea, où et pourquoi?" }];
const told = [];
const openai = new OpenAI({ apiKey: "sk-not-a-key", maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: "sk-not-a-key", maxRetries: 0 });
for (const model of ["fake-1", "fake-1+gzip", "fake-1+500"]) {
  try {
    const plain = await openai.chat.completions.create({ model, messages });
    told.push([plain.choices[0].message.content, plain.usage]);
    let text = "";
    let usage = null;
    const asked = { model, messages, stream: true, stream_options: { include_usage: true } };
    for await (const piece of await openai.chat.completions.create(asked)) {
      text += piece.choices[0]?.delta?.content ?? "";
      usage = piece.usage ?? usage;
    }
    told.push([text, usage]);
  } catch (error) {
    told.push([error.constructor.name, error.status, error.message]);
  }
  try {
    const plain = await anthropic.messages.create({ model, messages, max_tokens: 99 });
    told.push([plain.content, plain.usage]);
    const stream = anthropic.messages.stream({ model, messages, max_tokens: 99 });
    const whole = await stream.finalMessage();
    told.push([whole.content, whole.usage]);
  } catch (error) {
    told.push([error.constructor.name, error.status, error.message]);
  }
}
console.log(JSON.stringify(told));
