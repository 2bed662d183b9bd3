using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Where what a command emits goes: a pipeline, or a job.</summary>
internal interface IOutputSink
{
    /// <summary>Lets something be written, where and when this may be written to; waits while too much is waiting.</summary>
    /// <param name="effect">Writes.</param>
    ValueTask PostAsync(Action effect);

    /// <summary>Emits an object.</summary>
    /// <param name="value">The object, not enumerated.</param>
    void WriteObject(object value);

    /// <summary>Emits an error that is part of what the command says.</summary>
    /// <param name="error">The error.</param>
    void WriteError(ErrorRecord error);

    /// <summary>Emits an error that says that the command did not do what it was to do.</summary>
    /// <param name="error">The error.</param>
    void WriteFailure(ErrorRecord error);

    /// <summary>Emits a warning.</summary>
    /// <param name="text">The warning.</param>
    void WriteWarning(string text);

    /// <summary>Emits a record of the information stream.</summary>
    /// <param name="record">The record.</param>
    void WriteInformation(InformationRecord record);

    /// <summary>Shows how far it is.</summary>
    /// <param name="record">How far.</param>
    void WriteProgress(ProgressRecord record);

    /// <summary>Tells how the command ended, before anything else is said of that.</summary>
    /// <param name="exit">The exit status.</param>
    void SetExit(ExecExit exit);
}
