using Sandbox.Linux;

namespace Sandbox.Agent.Shells;

/// <summary>Who uses a shell and hears of it, on the event loop's thread.</summary>
internal interface IShellOwner
{
    /// <summary>The shell has finished a command.</summary>
    void OnReport(Shell shell, StatusReport report);

    /// <summary>The variables that the shell's children get, told after each report.</summary>
    void OnExports(Shell shell, Dictionary<string, string> exports);

    /// <summary>The shell has ended.</summary>
    void OnEnded(Shell shell, ExitStatus status);
}
