using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Sandbox;

/// <summary>Stops running cmdlets and jobs, as Ctrl+C does, when the process is asked to terminate (SIGTERM) or its terminal hangs up (SIGHUP).</summary>
/// <remarks>Otherwise their commands would go on in the sandbox: to the server the process is just a broken connection.</remarks>
internal static class TerminationSignals
{
    // Long enough for a stop request to reach the sandbox, without delaying the exit of the shell noticeably.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private static readonly ConcurrentDictionary<Registration, Action> Stops = new();

    private static readonly PosixSignalRegistration[] Signals =
        [PosixSignalRegistration.Create(PosixSignal.SIGHUP, StopAll), PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopAll)];

    /// <summary>Registers work until the result is disposed.</summary>
    /// <param name="stop">Stops the work; called on any thread.</param>
    public static IDisposable Register(Action stop)
    {
        _ = Signals;
        Registration registration = new();
        Stops[registration] = stop;
        return registration;
    }

    // The default action, terminating the process, follows after this returns.
    private static void StopAll(PosixSignalContext context)
    {
        foreach (Action stop in Stops.Values)
        {
            stop();
        }

        SpinWait.SpinUntil(() => Stops.IsEmpty, Limit);
    }

    private sealed class Registration : IDisposable
    {
        public void Dispose() => Stops.TryRemove(this, out _);
    }
}
