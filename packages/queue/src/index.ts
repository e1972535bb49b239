export { type CallLimit, createCallLimiter } from './call-limiter.ts';
export * from './catalog.ts';
export {
  type Consumer,
  type ConsumerEvents,
  type Handlers,
  MAX_STARTS,
  PermanentFault,
  type PoisonHandlers,
  startConsumer,
  type TaskRun,
  TryLater,
} from './consumer.ts';
export { createLiveBus, type LiveBus, type Progress } from './live-bus.ts';
export { createProducer, type NewTask, type Producer, QUEUE_PREFIX } from './producer.ts';
export { connectRedis } from './redis.ts';
