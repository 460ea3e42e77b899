// What to do about an error, by its kind (soc.Kind).
const advice: Record<string, string> = {
  invalid: 'The input was refused, so repeating the same call can’t help. Compare the inputs with what the operation expects, then correct the playbook or the data and run it again.',
  not_found: 'The system does not know what was named. Check the arguments: the account, host or id may be gone or belong to another system.',
  conflict: 'The thing was in another state than assumed; it may have been done already. Look at it in the target system before trying again.',
  denied: 'It was not permitted. Check the permissions of the connection’s account; for a consequential call, that its approval was given for exactly these arguments.',
  unavailable: 'The system did not answer, or asked to wait. When it is well again, run the playbook once more on the same alert.',
  unknown: 'The call was sent and nobody knows whether it took effect; it was not repeated. Look at the target system, and only then decide whether to run the playbook again.',
  internal: 'This is a fault of Picket’s own. The run’s id and the ledger tab have what is needed to report it.',
  timeout: 'It took longer than the step’s timeout. Give the step more time in the playbook, or look at why the system was slow.',
}

const modelAdvice = 'What the model answered can’t be used, and it was not. The conversation shows its words: a clearer question, less evidence or another model may help; until then decide by hand.'

const computedAdvice = 'An expression of the playbook could not be computed from what this run has. The message names the place: look at the values it reads, and say in the playbook what holds where one is missing, as with `?.` and `??`.'

export function whatToDo(kind: string, verb: string) {
  if (kind === 'invalid' && (verb === 'model' || verb === 'agent')) return modelAdvice
  if (kind === 'invalid' && ['set', 'choose', 'foreach', 'repeat', 'wait'].includes(verb)) return computedAdvice
  return advice[kind] ?? advice.internal!
}
