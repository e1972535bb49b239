// Exit code 0 when the program in this container serves: what its HEALTHCHECK runs.
const answer = await fetch(`http://127.0.0.1:${process.env.PORT}${process.env.HEALTH_PATH}`, {
  redirect: 'manual',
}).catch(() => undefined);
process.exit(answer !== undefined && answer.status < 400 ? 0 : 1);
