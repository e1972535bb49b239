// Next writes the same line into a file of its own at the first build, which a fresh clone does not have.
/// <reference types="next/image-types/global" />
