using System.Management.Automation.Host;

namespace Sandbox.Shell;

/// <summary>The console's size; everything else belongs to interactive hosts.</summary>
internal sealed class ConsoleRawUserInterface : PSHostRawUserInterface
{
    private const int WidthWithoutConsole = 120;
    private const int HeightWithoutConsole = 50;

    /// <inheritdoc />
    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    /// <inheritdoc />
    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    /// <inheritdoc />
    public override Coordinates CursorPosition { get; set; }

    /// <inheritdoc />
    public override Coordinates WindowPosition { get; set; }

    /// <inheritdoc />
    public override int CursorSize { get; set; } = 25;

    /// <inheritdoc />
    public override Size BufferSize
    {
        get => Console.IsOutputRedirected || Console.WindowWidth <= 0 ? new(WidthWithoutConsole, HeightWithoutConsole) : new(Console.WindowWidth, Console.WindowHeight);
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override Size WindowSize
    {
        get => BufferSize;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override Size MaxWindowSize => BufferSize;

    /// <inheritdoc />
    public override Size MaxPhysicalWindowSize => BufferSize;

    /// <inheritdoc />
    public override string WindowTitle { get; set; } = "";

    /// <inheritdoc />
    public override bool KeyAvailable => false;

    /// <inheritdoc />
    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void FlushInputBuffer()
    {
    }

    /// <inheritdoc />
    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();
}
