using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Receives the output of a command: a pipeline or a job.</summary>
internal interface IOutputSink
{
    /// <summary>Lets something be written, where and when this may be written to; waits while too much is waiting.</summary>
    /// <param name="effect">Writes.</param>
    ValueTask PostAsync(Action effect);

    /// <summary>Writes an object.</summary>
    /// <param name="value">The object, not enumerated.</param>
    void WriteObject(object value);

    /// <summary>Writes an error that is output of the command.</summary>
    /// <param name="error">The error.</param>
    void WriteError(ErrorRecord error);

    /// <summary>Writes an error that marks the command as failed.</summary>
    /// <param name="error">The error.</param>
    void WriteFailure(ErrorRecord error);

    /// <summary>Writes a warning.</summary>
    /// <param name="text">The warning.</param>
    void WriteWarning(string text);

    /// <summary>Writes a record of the information stream.</summary>
    /// <param name="record">The record.</param>
    void WriteInformation(InformationRecord record);

    /// <summary>Shows how far it is.</summary>
    /// <param name="record">How far.</param>
    void WriteProgress(ProgressRecord record);

    /// <summary>Tells how the command ended, before anything else is said of that.</summary>
    /// <param name="exit">The exit status.</param>
    void SetExit(ExecExit exit);
}
