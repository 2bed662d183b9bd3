using System.Text;
using System.Text.Json;
using CsCheck;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>Property tests of both stream formats, with any content and any split into reads.</summary>
public sealed class StreamFormatTests
{
    private static readonly Gen<int[]> Sizes = Gen.Int[1, 50].Array[1, 10];

    /// <summary>Generates events as the agent sends them: output of both streams, and events that the client ignores.</summary>
    private static readonly Gen<Sent[]> Events = Gen.OneOf(
        Gen.Byte.Array[1, 300].Select(bytes => new Sent(FrameKind.StandardOutput, bytes)),
        Gen.Byte.Array[1, 300].Select(bytes => new Sent(FrameKind.StandardError, bytes)),
        Gen.Const(new Sent(FrameKind.Heartbeat, [])),
        Gen.Byte.Array[0, 20].Select(bytes => new Sent((FrameKind)77, bytes))).Array[0, 15];

    private static readonly Gen<string> Opening = Gen.Int[0, 4].Select(which => new[]
    {
        "", "event: stdout\ndata: ", "event: exit\ndata: ", "event: error\ndata: ", "event: error\ndata: {\"error\":",
    }[which]);

    private static readonly Gen<string> LineEnd = Gen.OneOf(Gen.Const("\n"), Gen.Const("\r\n"), Gen.Const("\r"));

    [Fact]
    public async Task Frames_round_trip_however_they_are_split() =>
        await Gen.Select(Events, Gen.Int[0, 255], Sizes).SampleAsync(async (events, code, sizes) =>
        {
            List<string> read = await ReadFramesAsync([.. Frames(events), .. ExitFrame(code)], sizes);
            Assert.Equal([.. Shown(events), $"exit {code}"], read);
        });

    [Fact]
    public async Task Events_round_trip_however_they_are_split_and_lines_end() =>
        await Gen.Select(Events, Gen.Int[0, 255], LineEnd, Sizes).SampleAsync(async (events, code, end, sizes) =>
        {
            List<string> read = await ReadEventsAsync(Encoding.UTF8.GetBytes(EventText(events, end) + ExitEvent(code, end)), sizes);
            Assert.Equal([.. Shown(events), $"exit {code}"], read);
        });

    [Fact]
    public async Task Truncated_stream_is_a_prefix_without_an_end() =>
        await Gen.Select(Events, Gen.Int[0, 5000], Sizes).SampleAsync(async (events, place, sizes) =>
        {
            byte[] frames = [.. Frames(events), .. ExitFrame(0)];
            byte[] text = Encoding.UTF8.GetBytes(EventText(events, "\n") + ExitEvent(0, "\n"));
            string[] shown = [.. Shown(events)];
            List<string> fromFrames = await ReadFramesAsync(frames[..(place % frames.Length)], sizes);
            List<string> fromText = await ReadEventsAsync(text[..(place % text.Length)], sizes);
            Assert.Equal(Beginning(events, place % frames.Length), fromFrames);
            Assert.Equal(shown.Take(fromText.Count), fromText);
        });

    [Fact]
    public async Task Any_bytes_are_read_or_refused() =>
        await Gen.Select(Gen.Byte.Array[0, 300], Opening, Sizes)
            .SampleAsync(async (bytes, opening, sizes) =>
            {
                await RefusedOrReadAsync(() => ReadFramesAsync(bytes, sizes));
                await RefusedOrReadAsync(() => ReadEventsAsync([.. Encoding.UTF8.GetBytes(opening), .. bytes, 10, 10], sizes));
            });

    /// <summary>Accepts the exceptions that the reader converts to ConnectionLost, and the one for an error event.</summary>
    private static async Task RefusedOrReadAsync(Func<Task> read)
    {
        Exception? failure = await Record.ExceptionAsync(read);
        Assert.True(failure is null or FormatException or JsonException or ApiException, $"{failure}");
    }

    private static Task<List<string>> ReadFramesAsync(byte[] bytes, int[] sizes) =>
        ShowAllAsync(FrameFormat.ReadAsync(new SplitReadStream(bytes, sizes), TestContext.Current.CancellationToken));

    private static Task<List<string>> ReadEventsAsync(byte[] bytes, int[] sizes) =>
        ShowAllAsync(EventStreamFormat.ReadAsync(new SplitReadStream(bytes, sizes), TestContext.Current.CancellationToken));

    private static async Task<List<string>> ShowAllAsync(IAsyncEnumerable<CommandEvent?> events)
    {
        List<string> shown = [];
        await foreach (CommandEvent? current in events)
        {
            if (current is not null)
            {
                shown.Add(current is CommandOutput output ? $"{output.Channel} {Convert.ToHexString(output.Data.Span)}"
                    : $"exit {((CommandExit)current).Exit.ExitCode}");
            }
        }

        return shown;
    }

    private static IEnumerable<string> Shown(IEnumerable<Sent> events) => events
        .Where(sent => sent.Kind is FrameKind.StandardOutput or FrameKind.StandardError)
        .Select(sent => $"{(sent.Kind == FrameKind.StandardOutput ? OutputChannel.Output : OutputChannel.Error)} {Convert.ToHexString(sent.Bytes)}");

    /// <summary>Returns the output in the first bytes of the frames of events.</summary>
    private static IEnumerable<string> Beginning(IEnumerable<Sent> events, int length)
    {
        List<Sent> begun = [];
        foreach (Sent sent in events)
        {
            int there = Math.Min(sent.Bytes.Length, length - CommandFrame.HeaderLength);
            if (there > 0)
            {
                begun.Add(sent with { Bytes = sent.Bytes[..there] });
            }

            length -= CommandFrame.HeaderLength + sent.Bytes.Length;
        }

        return Shown(begun);
    }

    private static IEnumerable<byte> Frames(IEnumerable<Sent> events) => events.SelectMany(sent => Frame(sent.Kind, sent.Bytes));

    private static byte[] ExitFrame(int code) => Frame(FrameKind.Exit, Encoding.UTF8.GetBytes($$"""{"exit_code":{{code}}}"""));

    private static byte[] Frame(FrameKind kind, byte[] payload)
    {
        byte[] frame = new byte[CommandFrame.HeaderLength + payload.Length];
        CommandFrame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame, CommandFrame.HeaderLength);
        return frame;
    }

    private static string EventText(IEnumerable<Sent> events, string end) => string.Concat(events.Select(sent => sent.Kind switch
    {
        FrameKind.StandardOutput => $"event: stdout{end}data: {Convert.ToBase64String(sent.Bytes)}{end}{end}",
        FrameKind.StandardError => $"event: stderr{end}data: {Convert.ToBase64String(sent.Bytes)}{end}{end}",
        FrameKind.Heartbeat => $":{end}{end}",
        _ => $"event: other{end}data: {Convert.ToHexString(sent.Bytes)}{end}{end}",
    }));

    private static string ExitEvent(int code, string end) => $$"""event: exit{{end}}data: {"exit_code":{{code}}}{{end}}{{end}}""";

    private sealed record Sent(FrameKind Kind, byte[] Bytes);
}
