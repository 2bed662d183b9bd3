using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class ContentTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static int s_next;

    private readonly Engine _engine = fixture.Engine;
    private readonly string _file = $"c{Interlocked.Increment(ref s_next)}";

    [Fact]
    public void Lines_are_written_and_read_with_and_without_a_break_at_the_end()
    {
        Assert.Equal(["one", "two"], Run("Set-SandboxContent $F one, two -Sandbox $Box; Get-SandboxContent $F -Sandbox $Box").Texts);
        Assert.Equal(["one\ntwo\n"], Run("Get-SandboxContent $F -Raw -Sandbox $Box").Texts);
        Assert.Equal(["onetwo"], Run("'one', 'two' | Set-SandboxContent $F -NoNewline -Sandbox $Box; Get-SandboxContent $F -Raw -Sandbox $Box").Texts);
        Assert.Equal([""], Run("Set-SandboxContent $F $null -Sandbox $Box; Get-SandboxContent $F -Raw -Sandbox $Box").Texts);
        Assert.Empty(Run("Get-SandboxContent $F -Sandbox $Box").Texts);
    }

    [Fact]
    public void Wildcards_that_match_nothing_are_an_error_where_content_would_be_lost()
    {
        Assert.Equal("PathNotFound", Run("Set-SandboxContent \"$F [x]\" lost -Sandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Get-SandboxContent \"$F*none\" -Sandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Rename-SandboxItem \"$F [x]\" new -Sandbox $Box").ErrorId);
        Assert.Equal(["kept"], Run("Set-SandboxContent -LiteralPath \"$F [x]\" kept -Sandbox $Box; Get-SandboxContent -LiteralPath \"$F [x]\" -Sandbox $Box").Texts);
    }

    [Fact]
    public void The_places_are_piped_when_the_value_is_named_and_the_value_when_the_places_are()
    {
        Assert.Equal(["v1", "v2"], Run(
            """
            $s = New-SandboxSession -Sandbox $Box
            $s | Set-SandboxContent $F v1
            $s | Get-SandboxContent $F
            'v2' | Set-SandboxContent $F -Session $s
            Get-SandboxContent $F -Session $s
            """).Texts);
        Assert.Equal("TargetGivenTwice", Run("$Box | Set-SandboxContent $F x -Session $s").ErrorId);
        Assert.Equal("InvalidArgument", Run("$Box | Set-SandboxContent $F").ErrorId);
        Assert.Equal("InvalidArgument", Run("'text' | Set-SandboxContent $F x -Sandbox $Box").ErrorId);
        Assert.Equal(["v2"], Run("@() | Set-SandboxContent $F x; Get-SandboxContent $F -Session $s").Texts);
    }

    [Fact]
    public void Bytes_are_exact()
    {
        byte[] bytes = [0, 255, 10, 13, 10, 195, 40, 0];
        Assert.Equal(bytes, (byte[])_engine.Run(
            "Set-SandboxContent $F $bytes -AsByteStream -Sandbox $Box; Get-SandboxContent $F -AsByteStream -Raw -Sandbox $Box", ("F", _file), ("bytes", bytes)).One);
        Assert.Equal(["8"], Run("Get-SandboxContent $F -AsByteStream -Sandbox $Box | Set-SandboxContent copy -AsByteStream -Sandbox $Box; (Get-SandboxItem copy -Sandbox $Box).Length").Texts);
        Assert.Equal("InvalidArgument", Run("Set-SandboxContent $F text -AsByteStream -Sandbox $Box").ErrorId);
        Assert.Equal("InvalidArgument", Run("Get-SandboxContent $F -AsByteStream -Encoding utf8 -Sandbox $Box").ErrorId);
    }

    [Theory]
    [InlineData("utf8", "C3 A4 0A")]
    [InlineData("utf8BOM", "EF BB BF C3 A4 0A")]
    [InlineData("unicode", "FF FE E4 00 0A 00")]
    [InlineData("latin1", "E4 0A")]
    [InlineData("bigendianunicode", "FE FF 00 E4 00 0A")]
    public void Encodings_are_written_and_read(string encoding, string bytes)
    {
        Assert.Equal(bytes.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString((byte[])_engine.Run(
            "Set-SandboxContent $F ä -Encoding $E -Sandbox $Box; Get-SandboxContent $F -AsByteStream -Raw -Sandbox $Box", ("F", _file), ("E", encoding)).One));
        Assert.Equal(["ä"], _engine.Run("Get-SandboxContent $F -Encoding $E -Sandbox $Box", ("F", _file), ("E", encoding)).Texts);
        Assert.NotNull(Run("Get-SandboxContent $F -Encoding nosuch -Sandbox $Box").Error);
    }

    [Fact]
    public void Tail_and_TotalCount_read_no_more_than_they_need()
    {
        _ = Run("Invoke-SandboxCommand \"seq 1 200000 > $F\" -Sandbox $Box").Clean;
        Assert.Equal(["199999", "200000"], Run("Get-SandboxContent $F -Tail 2 -Sandbox $Box").Texts);
        Assert.Equal(["1", "2"], Run("Get-SandboxContent $F -TotalCount 2 -Sandbox $Box").Texts);
        Assert.Equal(["1"], Run("Get-SandboxContent $F -Sandbox $Box | Select-Object -First 1").Texts);
        Assert.Equal(20_000, Run("Get-SandboxContent $F -Tail 20000 -Sandbox $Box").Texts.Length);
        Assert.Empty(Run("Get-SandboxContent $F -Tail 0 -Sandbox $Box").Texts);
        Assert.Equal(200_000, Run("Get-SandboxContent $F -Tail 300000 -Sandbox $Box").Texts.Length);
    }

    [Fact]
    public void Append_adds_NoClobber_refuses_and_Force_makes_directories()
    {
        Assert.Equal(["1", "2"], Run("Set-SandboxContent $F 1 -Sandbox $Box; Set-SandboxContent $F 2 -Append -Sandbox $Box; Get-SandboxContent $F -Sandbox $Box").Texts);
        Assert.Equal("PathExists", Run("Set-SandboxContent $F 3 -NoClobber -Sandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Set-SandboxContent no/such/$F 3 -Sandbox $Box").ErrorId);
        Assert.Equal($"/workspace/made/{_file}", (string)Run("Set-SandboxContent made/$F 3 -Force -PassThru -Sandbox $Box").One.SandboxPath);
    }

    [Theory]
    [InlineData("/etc/hostname", "PermissionDenied")]
    [InlineData("/workspace", "IsADirectory")]
    [InlineData("/dev/null", "NotAFile")]
    [InlineData("/workspace/pipe", "NotAFile")]
    public void What_cannot_be_written_is_a_clear_error_and_not_waited_for(string path, string id)
    {
        _ = Run("Invoke-SandboxCommand '[ -e pipe ] || mkfifo pipe' -Sandbox $Box").Clean;
        Assert.Equal(id, _engine.Run("Set-SandboxContent $P x -Sandbox $Box", ("P", path)).ErrorId);
        if (id is "NotAFile" or "IsADirectory")
        {
            Assert.Equal(id, _engine.Run("Get-SandboxContent $P -Sandbox $Box", ("P", path)).ErrorId);
        }
    }

    [Fact]
    public void A_full_disk_is_an_error_and_leaves_the_old_file_whole()
    {
        Assert.Equal(["DiskFull", "DiskFull", "old"], Run(
            """
            Set-SandboxContent /run/full/f old -Force -Sandbox $Box -ErrorAction SilentlyContinue
            $place = if (Test-SandboxPath /run/full/f -Sandbox $Box) { '/run/full' } else { '/tmp' }
            Set-SandboxContent $place/f old -Sandbox $Box
            $size = (Invoke-SandboxCommand "df --output=avail -B1 $place | tail -1" -Sandbox $Box).Trim()
            Invoke-SandboxCommand "head -c $([long]$size - 1000000) /dev/zero > $place/filler" -Sandbox $Box
            $big = [byte[]]::new(3000000)
            Set-SandboxContent $place/f $big -AsByteStream -Sandbox $Box -ErrorVariable first -ErrorAction SilentlyContinue
            Set-SandboxContent $place/f $big -AsByteStream -Append -Sandbox $Box -ErrorVariable second -ErrorAction SilentlyContinue
            $first[0].FullyQualifiedErrorId.Split(',')[0]
            $second[0].FullyQualifiedErrorId.Split(',')[0]
            Get-SandboxContent $place/f -Sandbox $Box
            Remove-SandboxItem $place/filler -Sandbox $Box
            """).Texts);
    }

    [Fact]
    public void Reading_does_not_wait_for_a_running_command()
    {
        using Engine busy = new();
        using PowerShell shell = busy.Prepare("$s = New-SandboxSession busy -Sandbox $Box; $s | Invoke-SandboxCommand 'echo begun; while [ ! -e go ]; do sleep 0.02; done; echo ended'", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command runs");
        Assert.Equal(["x"], Run("Set-SandboxContent $F x -Session busy -Sandbox $Box; Get-SandboxContent $F -Session busy -Sandbox $Box").Texts);
        _ = Run("Set-SandboxContent go x -Session busy -Sandbox $Box").Clean;
        Assert.True(running.AsyncWaitHandle.WaitOne(Wait.Limit), "the command goes on");
        Assert.Equal("ended", output[^1].ToString());
    }

    private EngineResult Run(string script) => _engine.Run(script, ("F", _file));
}
