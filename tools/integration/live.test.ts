/** The live stream of a tab: everything as it happens, and after a reload everything since the last event it saw. */
import { type LiveMessage, newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createTrainedModel, hasEnded, until } from '../testing/studio.ts';

let product: Product;
let person: Person;
let modelId: string;
beforeAll(async () => {
  product = await startProduct();
  person = await product.createPerson();
  modelId = await createTrainedModel(person);
});
afterAll(() => product.stop());

type Seen = { messages: LiveMessage[]; stop: () => void };

/** Follows a person's stream; `ready` resolves when the first message that fits has come. */
function follow(
  who: Person,
  lastEventId: string | null = null,
): Seen & { until: (fits: (message: LiveMessage) => boolean) => Promise<LiveMessage> } {
  const messages: LiveMessage[] = [];
  const waiting: { fits: (message: LiveMessage) => boolean; resolve: (message: LiveMessage) => void }[] = [];
  const subscription = who.client.jobs.live.subscribe(
    { lastEventId },
    {
      onData(value) {
        const message = ('data' in value ? value.data : value) as LiveMessage;
        messages.push(message);
        for (const one of waiting) if (one.fits(message)) one.resolve(message);
      },
    },
  );
  return {
    messages,
    stop: () => subscription.unsubscribe(),
    until: (fits) => {
      const found = messages.find(fits);
      return found ? Promise.resolve(found) : new Promise((resolve) => waiting.push({ fits, resolve }));
    },
  };
}

const draw = (who: Person) =>
  who.client.generation.start.mutate({ modelId, prompt: 'rain', n: 2, idempotencyKey: newId() });
const eventOf = (orderId: string, type: string) => (message: LiveMessage) =>
  message.type === 'event' && message.event.orderId === orderId && message.event.type === type;
const typesOf = (messages: LiveMessage[], orderId: string) =>
  messages.flatMap((message) =>
    message.type === 'event' && message.event.orderId === orderId ? [message.event.type] : [],
  );

describe('the live stream', () => {
  it('tells each step of a job in order, with a sign of life in between', async () => {
    product.simulator.control({ imageMs: 100, progressMs: 10 });
    const tab = follow(person);
    await tab.until((message) => message.type === 'hello');
    const { id } = await draw(person);
    await tab.until(eventOf(id, 'succeeded'));
    expect(typesOf(tab.messages, id)).toEqual(['queued', 'running', 'image', 'image', 'succeeded']);
    tab.stop();
  });

  it('goes on after a reload where it stopped, out of the history', async () => {
    const { id, job } = await draw(person);
    await until(() => person.client.generation.get.query({ id }), hasEnded);
    const { events } = await person.client.jobs.get.query({ id: job.id });
    const tab = follow(person, events[0]?.number ?? null);
    await tab.until(eventOf(id, 'succeeded'));
    expect(typesOf(tab.messages, id).slice(-events.length + 1)).toEqual(events.slice(1).map((event) => event.type));
    tab.stop();
  });

  it('tells nobody about the jobs of someone else', async () => {
    const other = await product.createPerson('Mallory');
    const [foreign, own] = [follow(other), follow(person)];
    await Promise.all([foreign, own].map((tab) => tab.until((message) => message.type === 'hello')));
    const { id } = await draw(person);
    await own.until(eventOf(id, 'succeeded'));
    expect(foreign.messages.filter((message) => message.type !== 'hello')).toEqual([]);
    foreign.stop();
    own.stop();
  });

  it('goes on when the API was restarted in between', { timeout: 60_000 }, async () => {
    const tab = follow(person);
    await tab.until((message) => message.type === 'hello');
    await product.api.kill('SIGKILL');
    await product.api.start();
    const { id } = await draw(person);
    await tab.until(eventOf(id, 'succeeded'));
    tab.stop();
  });
});
