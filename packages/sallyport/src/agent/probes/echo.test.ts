import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerTo, makeQuestion, NONCE_BYTES, readAnswer } from './echo.ts';

const nonce = randomBytes(NONCE_BYTES);

describe('an echo', () => {
  it.each([0, 7, 2 ** 32 - 1])('answers question %d, as long as it is', (number) => {
    const question = makeQuestion(number, nonce);
    const answer = answerTo(question) ?? expect.fail('no answer');
    expect(answer.length).toBe(question.length);
    expect(readAnswer(answer, nonce)).toBe(number);
    expect(readAnswer(answer, randomBytes(NONCE_BYTES))).toBeUndefined();
  });

  it('never answers an answer, and takes no question for one', () => {
    const question = makeQuestion(1, nonce);
    const answer = answerTo(question) ?? expect.fail('no answer');
    expect(answerTo(answer)).toBeUndefined();
    expect(readAnswer(question, nonce)).toBeUndefined();
  });

  it('has nothing to say to anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(answerTo(Buffer.from(bytes))).toBeUndefined();
        expect(readAnswer(Buffer.from(bytes), nonce)).toBeUndefined();
      }),
    );
    expect(answerTo(Buffer.concat([makeQuestion(1, nonce), Buffer.alloc(1)]))).toBeUndefined();
  });
});
