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
    /// <param name="error">The error.</param>
    void WriteError(ErrorRecord error);

    /// <summary>Writes an error that marks the operation as failed.</summary>
    /// <param name="error">The error.</param>
    void WriteFailure(ErrorRecord error);

    /// <summary>Writes a warning.</summary>
    /// <param name="text">The warning.</param>
    void WriteWarning(string text);

    /// <summary>Writes an information record.</summary>
    /// <param name="record">The record.</param>
    void WriteInformation(InformationRecord record);

    /// <summary>Writes progress.</summary>
    /// <param name="record">The progress.</param>
    void WriteProgress(ProgressRecord record);
}
