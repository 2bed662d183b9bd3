using Sandbox.Linux;

namespace Sandbox.Agent.Repositories;

/// <summary>One run of git. All but <see cref="RunAsync"/> and <see cref="Kill"/> is on the event loop's thread.</summary>
internal sealed class GitProcess
{
    private const int Piece = 16 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EventLoop loop;
    private readonly ChildProcess process;
    private readonly FileDescriptor read;
    private readonly GitOutput output;
    private EventLoop.Watch? outputWatch;
    private EventLoop.Watch? processWatch;

    private GitProcess(EventLoop loop, ChildProcess process, FileDescriptor read, GitOutput output) => (this.loop, this.process, this.read, this.output) = (loop, process, read, output);

    /// <summary>Runs git to its end.</summary>
    /// <param name="loop">Where it is watched.</param>
    /// <param name="program">Git's path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="settings">Its environment.</param>
    /// <param name="directory">Where it runs.</param>
    /// <param name="output">Takes what it says.</param>
    /// <param name="stop">Ends it and what it has started.</param>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(EventLoop loop, string program, IReadOnlyList<string> arguments, GitSettings settings, string directory, GitOutput output, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        FileDescriptor.CreatePipe(out FileDescriptor read, out FileDescriptor write, nonBlockingRead: true);
        GitProcess run;
        using (write)
        using (FileDescriptor nothing = FileDescriptor.OpenToRead("/dev/null"))
        using (FileDescriptor? credential = PipeWith(settings.Credential))
        {
            Dictionary<int, FileDescriptor> descriptors = new() { [0] = nothing, [1] = write, [2] = write };
            if (credential is not null)
            {
                descriptors[GitSettings.CredentialDescriptor] = credential;
            }

            ChildProcessOptions options = new() { Path = program, Arguments = arguments, Environment = settings.Environment, WorkingDirectory = directory, Descriptors = descriptors };
            run = new GitProcess(loop, ChildProcess.Start(options), read, output);
        }

        loop.Post(run.Watch);
        int code;
        await using (stop.Register(run.Kill))
        {
            code = await run.ended.Task;
        }

        while (stop.IsCancellationRequested && run.Rest().Any())
        {
            // What it had started is ended too before anyone clears up behind it.
            run.Kill();
            await Task.Delay(Pause, CancellationToken.None);
        }

        stop.ThrowIfCancellationRequested();
        return code;
    }

    // Small enough to lie in the pipe, with nobody left who could write more.
    private static FileDescriptor? PipeWith(byte[]? content)
    {
        if (content is null)
        {
            return null;
        }

        FileDescriptor.CreatePipe(out FileDescriptor read, out FileDescriptor write);
        using (write)
        {
            write.WriteAll(content);
        }

        return read;
    }

    private IEnumerable<ProcessEntry> Rest() => ProcessTable.All().Where(entry => entry.SessionId == process.Id && entry.IsAlive);

    private void Kill()
    {
        foreach (ProcessEntry entry in Rest())
        {
            ProcessTable.Send(entry, Signal.KILL);
        }
    }

    private void Watch()
    {
        outputWatch = loop.Add(read, ReadSome);
        processWatch = loop.Add(process.Handle, End);
    }

    private void ReadSome()
    {
        byte[] buffer = new byte[Piece];
        int count;
        while ((count = read.Read(buffer)) > 0)
        {
            output.Add(buffer.AsSpan(0, count));
        }

        if (count == 0)
        {
            outputWatch!.Dispose();
        }
    }

    private void End()
    {
        if (process.TryWait() is not { } status)
        {
            return;
        }

        // What a helper in the background might still say is not waited for.
        ReadSome();
        output.Finish();
        outputWatch!.Dispose();
        processWatch!.Dispose();
        read.Dispose();
        process.Dispose();
        ended.SetResult(status.ExitCode);
    }
}
