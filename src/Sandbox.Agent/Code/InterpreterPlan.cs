namespace Sandbox.Agent.Code;

/// <summary>What runs the code of a context, and how it is started, again and again if it must be.</summary>
/// <param name="Language">The language, by its usual name.</param>
/// <param name="Name">What it is: a program, or <c>jupyter:</c> and a kernel's name.</param>
/// <param name="TakesVariables">Whether one run can have variables of its own.</param>
/// <param name="StartAsync">Starts one, and waits until it is ready.</param>
internal sealed record InterpreterPlan(string Language, string Name, bool TakesVariables, Func<Task<IInterpreter>> StartAsync);
