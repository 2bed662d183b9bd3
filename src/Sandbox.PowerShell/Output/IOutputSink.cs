using System.Management.Automation;

namespace Sandbox;

/// <summary>Receives output: a pipeline or a job.</summary>
internal interface IOutputSink
{
    /// <summary>Runs an action where the sink may be written to, in order; waits while too many actions are queued. Thread-safe.</summary>
    /// <param name="effect">Calls the other methods.</param>
    ValueTask PostAsync(Action effect);

    /// <summary>Writes an object.</summary>
    /// <param name="value">The object, not enumerated.</param>
    void WriteObject(object value);

    /// <summary>Writes an error that is part of the output.</summary>
    void WriteError(ErrorRecord error);

    /// <summary>Writes an error that marks the operation as failed.</summary>
    void WriteFailure(ErrorRecord error);

    void WriteWarning(string text);

    void WriteInformation(InformationRecord record);

    void WriteProgress(ProgressRecord record);
}
