import { wordsFor } from '@/language/words-for';

export default wordsFor('sample');
