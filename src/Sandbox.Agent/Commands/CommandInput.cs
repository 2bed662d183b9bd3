using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>The standard input of a command that receives it while it runs: a FIFO that is written no faster than the command reads.</summary>
/// <param name="isStopping">Whether the command is being stopped.</param>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "Neither a token source without a timer nor a semaphore without a wait handle holds anything to dispose of.")]
internal sealed class CommandInput(Func<bool> isStopping)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<DescriptorWriter> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _turn = new(1);
    private FileDescriptor? _pipe;
    private DescriptorWriter? _writer;
    private bool _isRead;
    private bool _closed;

    /// <summary>Creates the FIFO, just before the command starts.</summary>
    public void Open(string path, EventLoop loop, FifoOpenWatcher openWatcher)
    {
        DescriptorWriter writer;
        lock (_gate)
        {
            _pipe = FileDescriptor.CreateFifoToWrite(path);
            writer = _writer = new DescriptorWriter(_pipe, loop);
            try
            {
                openWatcher.Add(path, OnOpened);
            }
            catch (Win32Exception)
            {
                // The user's limit of inotify instances is reached. Without it, the shell is assumed to open the FIFO before the input ends, as it nearly
                // always does.
                _isRead = true;
            }
        }

        _opened.SetResult(writer);
    }

    /// <summary>Writes a request's body to the command; concurrent requests take turns. What the command does not live to read is dropped.</summary>
    /// <param name="isLast">Whether the input ends with this request, also when it is aborted. Not when it is aborted while the command is being stopped: the
    /// command must not take a part for the whole.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when the input has ended.</exception>
    public async Task CopyFromAsync(PipeReader source, bool isLast, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        bool hasTurn = false;
        bool isWhole = false;
        try
        {
            await _turn.WaitAsync(stop.Token);
            hasTurn = true;
            DescriptorWriter writer = await _opened.Task.WaitAsync(stop.Token);

            // Not by the token: a read that ends so is never over for the server, which then breaks the connection instead of answering.
            await using CancellationTokenRegistration wake = stop.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), source);
            while (!isWhole)
            {
                ReadResult read = await source.ReadAsync(CancellationToken.None);
                try
                {
                    stop.Token.ThrowIfCancellationRequested();
                    foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    {
                        await writer.WriteAsync(part, stop.Token);
                    }
                }
                finally
                {
                    source.AdvanceTo(read.Buffer.End);
                }

                isWhole = read.IsCompleted;
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            if (!hasTurn)
            {
                throw new ApiException(ErrorCodes.InvalidRequest, "The input of this command has ended.");
            }

            // The command has ended.
        }
        finally
        {
            if (hasTurn)
            {
                _turn.Release();
                if (isLast && (isWhole || !isStopping()))
                {
                    End();
                }
            }
        }
    }

    /// <summary>Closes the FIFO when the command has ended.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Release();
        }

        _closing.Cancel();
    }

    // A FIFO that is closed before the shell has opened it would lose its content, and the shell would wait for another writer for ever.
    private void End()
    {
        lock (_gate)
        {
            _closed = true;
            if (_isRead)
            {
                Release();
            }
        }

        _closing.Cancel();
    }

    private void OnOpened()
    {
        lock (_gate)
        {
            _isRead = true;
            if (_closed)
            {
                Release();
            }
        }
    }

    private void Release()
    {
        _writer?.Dispose();
        _pipe?.Dispose();
    }
}
