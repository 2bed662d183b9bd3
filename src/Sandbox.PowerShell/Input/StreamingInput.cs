namespace Sandbox;

/// <summary>Input that is streamed to running commands, with back-pressure.</summary>
/// <param name="wait">Waits for a task while it runs the actions of the pipeline; fails if the task failed.</param>
/// <param name="cancellationToken">Ends the reading of streams.</param>
internal sealed class StreamingInput(Action<Task> wait, CancellationToken cancellationToken) : StandardInput
{
    /// <inheritdoc />
    public override void Finish() => Fan.Finish();

    private protected override void Send(ReadOnlyMemory<byte> bytes) => Await(Fan.SendAsync(bytes));

    private protected override void Send(Stream stream) => Await(Fan.CopyAsync(stream, cancellationToken));

    private void Await(Task sending)
    {
        if (!sending.IsCompletedSuccessfully)
        {
            wait(sending);
        }
    }
}
