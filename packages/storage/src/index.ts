export { keys } from './keys.ts';
export {
  createStorage,
  type ListedObject,
  type ObjectHead,
  ObjectTooLargeError,
  type SignedGet,
  type SignedPut,
  type Storage,
  type StorageOptions,
} from './storage.ts';
