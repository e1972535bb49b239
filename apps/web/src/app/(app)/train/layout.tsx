import { wordsFor } from '@/language/words-for';

export default wordsFor('wizard', 'sample');
