/* Work in a thread of its own, so that the page goes on answering: both ends of the line.

   The page makes a Thread and asks it; the worker's module (worker.mjs, or another) serves the jobs.
   A question is {job, number, ...}; an answer is {number, good: true, ...} or
   {number, good: false, text}, and on the way there may be {number, news: {...}}.
   The worker's file comes from this site like every module, so `worker-src 'self'` allows it. */

/** Why a job came to nothing, in one sentence; `stopped` if the reader wished it. */
export class ThreadError extends Error {
  stopped = false;
}

/** The page's end. A thread starts with its first question, and again after it was stopped. */
export class Thread {
  #worker = null;
  #questions = new Map(); // number -> {good, bad, tell}
  #asked = 0;
  #file;

  constructor(file = "worker.mjs") {
    this.#file = file;
  }

  /** Whether it runs, and so remembers what it was told. */
  get awake() {
    return this.#worker !== null;
  }

  /** Ask; kept with the answer, or broken with a ThreadError. tell(news) hears how far it is. */
  ask(question, { transfer = [], tell = null } = {}) {
    this.#worker ??= this.#started();
    const number = ++this.#asked;
    return new Promise((good, bad) => {
      this.#questions.set(number, { good, bad, tell });
      this.#worker.postMessage({ ...question, number }, transfer);
    });
  }

  /** Stop at once whatever is under way. */
  stop() {
    this.#worker?.terminate();
    this.#end("Stopped.", true);
  }

  #started() {
    const worker = new Worker(new URL(this.#file, import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      this.#end("The figure\u2019s thread could not be started. Load the page again, or try a newer browser.");
    };
    return worker;
  }

  #hear({ number, news, good, text, ...answer }) {
    const question = this.#questions.get(number);
    if (!question) return;
    if (news) return void question.tell?.(news);
    this.#questions.delete(number);
    if (good) question.good(answer);
    else question.bad(new ThreadError(text));
  }

  #end(text, stopped = false) {
    this.#worker = null;
    const open = [...this.#questions.values()];
    this.#questions.clear();
    for (const { bad } of open) bad(Object.assign(new ThreadError(text), { stopped }));
  }
}

/** The worker's end. jobs: {name: {work(question, tell) -> {answer, transfer}, trouble}}.

    An error that is one of `spoken` says what is wrong; for others the job has a sentence. */
export function serve(jobs, spoken) {
  self.onmessage = async ({ data: { job, number, ...question } }) => {
    try {
      const { answer = {}, transfer = [] } = (await jobs[job].work(question, (news) => postMessage({ number, news }))) ?? {};
      postMessage({ number, good: true, ...answer }, transfer);
    } catch (error) {
      postMessage({ number, good: false, text: spoken.some((kind) => error instanceof kind) ? error.message : jobs[job].trouble });
    }
  };
}
