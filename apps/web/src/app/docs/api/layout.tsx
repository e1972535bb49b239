import { wordsFor } from '@/language/words-for';

export default wordsFor('apiReference');
