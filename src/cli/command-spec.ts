/** An option of a command. Without `value` it is a flag. */
export interface OptionSpec {
  readonly name: string;
  /** The letter of its short form, such as `o` for `-o`. */
  readonly short?: string;
  /** The placeholder of its value in the help, such as `FILE`. */
  readonly value?: string;
  readonly help: string;
  /** Whether the empty text is a value. */
  readonly mayBeEmpty?: boolean;
}

/** A command: how its command line is read, and its help. */
export interface CommandSpec {
  readonly name: string;
  /** The placeholder of its operands in the help. Without it, the command takes none. */
  readonly operands?: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** Command lines to paste, each with a remark. */
  readonly examples: readonly (readonly [line: string, remark: string])[];
}

/** Keeps the names of options as literal types, so that {@link CommandSpec} and the code that reads it agree. */
export function command<const Spec extends CommandSpec>(spec: Spec): Spec {
  return spec;
}
