using Sandbox.Client;

namespace Sandbox;

/// <summary>Turns what a process writes into lines, of each stream on its own.</summary>
/// <param name="onLine">Called with each line.</param>
internal sealed class OutputLines(Action<OutputChannel, string> onLine)
{
    private readonly LineSplitter _output = new(line => onLine(OutputChannel.Output, line));
    private readonly LineSplitter _error = new(line => onLine(OutputChannel.Error, line));

    /// <summary>Takes an event; one that is no output is ignored.</summary>
    /// <param name="current">The event.</param>
    public void Add(CommandEvent current)
    {
        if (current is CommandOutput output)
        {
            (output.Channel == OutputChannel.Output ? _output : _error).Add(output.Data.Span);
        }
    }

    /// <summary>Hands on what is left when nothing more comes.</summary>
    public void Finish()
    {
        _output.Finish();
        _error.Finish();
    }
}
