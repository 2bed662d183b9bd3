using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Sandbox.Agent.Sessions;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>Why a command is being stopped.</summary>
internal enum StopReason
{
    /// <summary>Nobody stops it.</summary>
    None,

    /// <summary>Its time limit.</summary>
    TimedOut,

    /// <summary>A caller.</summary>
    Cancelled,
}

/// <summary>One command: what was asked, where it stands, and its journal.</summary>
internal sealed class Command
{
    private long startedTicks;

    /// <summary>Creates a command that waits.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="session">The session, named or thrown away, whose shell is to run it.</param>
    /// <param name="sessionId">The session that the request named, if any.</param>
    /// <param name="request">What was asked, checked.</param>
    /// <param name="journal">Where its output goes.</param>
    public Command(string id, Session session, string? sessionId, ExecRequest request, CommandJournal journal)
    {
        Id = id;
        Session = session;
        Request = request;
        Journal = journal;
        Text = request.Command ?? string.Join(' ', request.Argv!.Select(Shells.ShellWord.Quote));
        Fingerprint = FingerprintOf(sessionId, request);
        Input = request.StdinOpen ? new CommandInput() : null;
    }

    /// <summary>Its id, chosen by the client or by us.</summary>
    public string Id { get; }

    /// <summary>What was asked.</summary>
    public ExecRequest Request { get; }

    /// <summary>The text for the shell.</summary>
    public string Text { get; }

    /// <summary>Tells whether a second request under the same id asks for the same.</summary>
    public string Fingerprint { get; }

    /// <summary>What it printed and how it ended.</summary>
    public CommandJournal Journal { get; }

    /// <summary>What it reads, where that comes after it was started.</summary>
    public CommandInput? Input { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Why it is being stopped, if it is.</summary>
    public StopReason StopReason { get; set; }

    /// <summary>The session, named or thrown away, whose shell runs it.</summary>
    public Session Session { get; }

    /// <summary>The strongest signal used to stop it.</summary>
    public Signal? StopSignal { get; set; }

    /// <summary>Tells two requests apart without keeping their secrets.</summary>
    /// <param name="sessionId">The session that the request named, if any.</param>
    /// <param name="request">The request.</param>
    public static string FingerprintOf(string? sessionId, ExecRequest request) =>
        sessionId + ':' + Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, ProtocolJson.Default.ExecRequest)));

    /// <summary>Starts its clock.</summary>
    public void Start()
    {
        StartedAt = DateTimeOffset.UtcNow;
        startedTicks = Stopwatch.GetTimestamp();
    }

    /// <summary>Records how it ended; the last thing that happens to it.</summary>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="signal">The signal that ended it.</param>
    /// <param name="shellRestarted">Whether its shell went with it.</param>
    public void End(int exitCode, Signal? signal, bool shellRestarted)
    {
        HasEnded = true;
        Input?.Close();
        Append(FrameKind.Exit, JsonSerializer.SerializeToUtf8Bytes(
            new ExecExit
            {
                ExitCode = exitCode,
                Signal = signal?.ToString(),
                TimedOut = StopReason == StopReason.TimedOut,
                Cancelled = StopReason == StopReason.Cancelled,
                ShellRestarted = shellRestarted,
                DurationMs = startedTicks == 0 ? 0 : Math.Round(Stopwatch.GetElapsedTime(startedTicks).TotalMilliseconds, 3),
                StartedAt = startedTicks == 0 ? DateTimeOffset.UtcNow : StartedAt,
            },
            ProtocolJson.Default.ExecExit));
    }

    /// <summary>Records that it never ran.</summary>
    /// <param name="failure">Why.</param>
    public void Refuse(ApiException failure)
    {
        HasEnded = true;
        Input?.Close();
        Append(FrameKind.Error, JsonSerializer.SerializeToUtf8Bytes(failure.ToBody(null), ProtocolJson.Default.ErrorBody));
    }

    private void Append(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[CommandFrame.HeaderLength + payload.Length];
        payload.CopyTo(frame.AsSpan(CommandFrame.HeaderLength));
        Journal.Append(frame, kind);
    }
}
