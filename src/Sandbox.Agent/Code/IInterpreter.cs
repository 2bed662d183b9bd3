namespace Sandbox.Agent.Code;

/// <summary>Something that lives, runs one piece of code after the other, and keeps their state.</summary>
internal interface IInterpreter : IDisposable
{
    /// <summary>Whether it lives no more, and its state with it.</summary>
    bool HasEnded { get; }

    /// <summary>Runs code to its end, also when that is the interpreter's own.</summary>
    /// <param name="run">The code, and where its output goes.</param>
    Task<RunOutcome> RunAsync(CodeRun run);

    /// <summary>Interrupts the code that runs, as Ctrl+C would. It may resist.</summary>
    /// <returns>Completes when the interrupt has been delivered; never, when the interpreter does not read its requests.</returns>
    Task InterruptAsync();

    /// <summary>Ends it with everything it started.</summary>
    void Kill();
}
