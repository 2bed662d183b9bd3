using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>A system call failed, with one of <see cref="Errno"/>.</summary>
/// <param name="error">The error number.</param>
/// <param name="subject">The path it was about, or the name of the call.</param>
public sealed class SystemCallException(int error, string subject) : Win32Exception(error, $"{subject}: {Marshal.GetPInvokeErrorMessage(error)}")
{
    /// <summary>The path that the call was about, or the name of the call.</summary>
    public string Subject { get; } = subject;
}
