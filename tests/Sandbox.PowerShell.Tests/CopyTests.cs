using System.Diagnostics;
using System.Management.Automation;
using System.Security.Cryptography;

namespace Sandbox.Tests;

public sealed class CopyTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>, IDisposable
{
    private static int s_next;

    private readonly Engine _engine = fixture.Engine;
    private readonly string _inside = $"/workspace/k{Interlocked.Increment(ref s_next)}";
    private readonly string _here = Directory.CreateTempSubdirectory("sbxcopy").FullName;

    public void Dispose() => Directory.Delete(_here, recursive: true);

    [Fact]
    public void A_file_goes_in_and_comes_back_with_its_bytes_mode_and_time()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(3_000_000);
        string file = Path.Combine(_here, "a file");
        File.WriteAllBytes(file, bytes);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Equal([$"{_inside}/a file 0700", $"{_here}/back"], Run(
            """
            $null = New-SandboxItem $D -ItemType Directory -Sandbox $Box
            Copy-SandboxItem "$H/a file" $D -ToSandbox $Box -Checksum -PassThru | ForEach-Object { "$($_.SandboxPath) $($_.Mode)" }
            (Copy-SandboxItem "$D/a file" "$H/back" -FromSandbox $Box -Checksum -PassThru).FullName
            """).Texts);
        Assert.Equal(bytes, File.ReadAllBytes(_here + "/back"));
        Assert.Equal((File.GetUnixFileMode(file), File.GetLastWriteTimeUtc(file)), (File.GetUnixFileMode(_here + "/back"), File.GetLastWriteTimeUtc(_here + "/back")));
    }

    [Fact]
    public void The_source_of_this_repository_goes_in_and_comes_back_bit_by_bit()
    {
        string[] exclude = [".git", "bin", "obj", "output"];
        Assert.Empty(_engine.Run(
            """
            Copy-SandboxItem $R "$D/repo" -ToSandbox $Box -Recurse -Exclude $E -Checksum
            Copy-SandboxItem "$D/repo" "$H/repo" -FromSandbox $Box -Recurse
            """, ("R", Paths.Repository), ("D", _inside), ("H", _here), ("E", exclude)).Texts);
        // Times to 100 nanoseconds, which is what .NET has.
        string fingerprint = "find . \\( -name .git -o -name bin -o -name obj -o -name output \\) -prune -o -printf '%p %y %m %l %T@\\n' | sed 's/...$//' | sort; "
            + "find . \\( -name .git -o -name bin -o -name obj -o -name output \\) -prune -o -type f -exec sha256sum {} + | sort";
        string expected = Shell(fingerprint, Paths.Repository);
        Assert.Contains("README.md", expected, StringComparison.Ordinal);
        Assert.Equal(expected, Shell(fingerprint, _here + "/repo"));
    }

    [Fact]
    public void Folders_go_into_a_folder_that_exists_and_else_to_the_very_path_both_ways()
    {
        Directory.CreateDirectory(_here + "/src/sub");
        File.WriteAllText(_here + "/src/sub/f", "x");
        Assert.Equal(["src/sub/f", "new/sub/f"], Run(
            """
            $null = New-SandboxItem $D -ItemType Directory -Sandbox $Box
            Copy-SandboxItem "$H/src" $D -ToSandbox $Box -Recurse
            Copy-SandboxItem "$H/src/" "$D/new" -ToSandbox $Box -Recurse
            'src', 'new' | ForEach-Object { Get-SandboxChildItem "$D/$_" -Recurse -File -Sandbox $Box | ForEach-Object { $_.SandboxPath.Substring($D.Length + 1) } }
            Copy-SandboxItem "$D/src" "$H/back" -FromSandbox $Box -Recurse
            Copy-SandboxItem "$D/src" "$H/back" -FromSandbox $Box -Recurse
            """).Texts);
        Assert.True(File.Exists(_here + "/back/sub/f"));
        Assert.True(File.Exists(_here + "/back/src/sub/f"));
        Assert.Equal("IsADirectory", Run("Copy-SandboxItem \"$H/src\" $D -ToSandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Copy-SandboxItem \"$H/none\" $D -ToSandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Copy-SandboxItem \"$H/src/sub/f\" $D/none/ -ToSandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Copy-SandboxItem $D/none $H -FromSandbox $Box").ErrorId);
    }

    [Fact]
    public void Files_and_items_are_piped_and_wildcards_are_those_of_the_side_they_are_on()
    {
        foreach (string name in new[] { "a.txt", "b.txt", "c.md" })
        {
            File.WriteAllText(Path.Combine(_here, name), name);
        }

        Assert.Equal(["a.txt", "b.txt", "c.md", "a.txt", "b.txt"], _engine.Run(
            """
            $null = New-SandboxItem $D, $D/2 -ItemType Directory -Sandbox $Box -Force
            $files | Copy-SandboxItem -Destination $D -ToSandbox $Box
            (Get-SandboxChildItem $D -File -Sandbox $Box).Name
            Copy-SandboxItem "$H/*.txt" $D/2 -ToSandbox $Box
            (Get-SandboxChildItem $D/2 -Sandbox $Box).Name
            """, ("D", _inside), ("H", _here), ("files", new DirectoryInfo(_here).GetFiles().OrderBy(file => file.Name).Select(PSObject.AsPSObject).ToArray())).Texts);
        Assert.Equal(["a.txt", "b.txt"], Run(
            """
            $null = New-SandboxItem $D/3 -ItemType Directory -Sandbox $Box
            Get-SandboxChildItem $D/2 -Sandbox $Box | Copy-SandboxItem -Destination $D/3
            (Get-SandboxChildItem $D/3 -Sandbox $Box).Name
            Copy-SandboxItem $D/3/*.txt "$H/2" -FromSandbox $Box -ErrorAction SilentlyContinue -Force
            """).Texts);
        Assert.True(File.Exists(_here + "/2"));
    }

    [Fact]
    public void A_copy_within_a_sandbox_or_from_one_to_another_merges_and_leaves_out_what_is_excluded()
    {
        Assert.Equal(["f", "f", "f g", "f g.log"], Run(
            """
            $s = New-SandboxSession -Sandbox $Box -WorkingDirectory $D
            $s | Invoke-SandboxCommand 'mkdir t; echo 1 > t/f; echo 2 > t/g.log'
            $items = { ($s | Get-SandboxChildItem $args[0] | ForEach-Object Name) -join ' ' }
            Copy-SandboxItem t/f copy -FromSession $s -ToSession $s
            ($s | Get-SandboxItem copy).Name.Replace('copy', 'f')
            Copy-SandboxItem t u -FromSession $s -ToSession $s -Recurse -Exclude *.log
            & $items u
            $s | Invoke-SandboxCommand 'mkdir -p v/t; touch v/t/g'
            Copy-SandboxItem t v -FromSession $s -ToSession $s -Recurse -Exclude g.log
            & $items v/t
            $s | Get-SandboxItem t | Copy-SandboxItem -Destination "$D/w" -Recurse
            & $items w
            """).Texts);
    }

    [Fact]
    public void What_a_sandbox_sends_is_kept_inside_the_destination()
    {
        EngineResult result = Run(
            """
            $s = New-SandboxSession -Sandbox $Box -WorkingDirectory $D
            $s | Invoke-SandboxCommand 'mkdir t t/d; ln -s ../../../../etc/passwd t/out; ln -s /etc/passwd t/absolute; ln -s d t/in; mkfifo t/pipe; echo x > t/d/f; chmod 6755 t/d/f; echo y > t/$(printf "\xff")'
            Copy-SandboxItem t "$H/t" -FromSession $s -Recurse
            """);
        Assert.Empty(result.Errors);
        Assert.Equal(["%FF", "d", "in"], Directory.EnumerateFileSystemEntries(_here + "/t").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("x\n", File.ReadAllText(_here + "/t/in/f"));
        Assert.Equal(Convert.ToInt32("755", 8), (int)File.GetUnixFileMode(_here + "/t/d/f"));
        Assert.Equal(4, result.Warnings.Count);
    }

    [Fact]
    public void What_may_not_be_read_is_an_error_each_and_the_rest_is_copied_and_a_backup_is_whole_or_none()
    {
        _ = Run("Invoke-SandboxCommand \"mkdir -p $D/shut; cd $D; echo 1 > a; echo 2 > b; echo 3 > c; echo 4 > shut/d; chmod 0 b shut\" -Sandbox $Box").Clean;
        EngineResult copied = Run("Copy-SandboxItem $D $H/out -FromSandbox $Box -Recurse -Checksum");
        Assert.Equal(["PermissionDenied", "PermissionDenied"], copied.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(["a", "c", "shut"], Directory.EnumerateFileSystemEntries(_here + "/out").Select(Path.GetFileName).Order());
        EngineResult kept = Run("Backup-Sandbox $Box $H/b.tar -Path $D");
        Assert.Equal("PermissionDenied", kept.ErrorId);
        Assert.Contains($"{_inside}/b", kept.Error.Exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_here + "/b.tar"));
        Assert.Equal("PermissionDenied", Run("Copy-SandboxItem $D ${D}2 -FromSandbox $Box -ToSandbox $Box -Recurse").ErrorId);
    }

    [Fact]
    public void A_directory_that_a_link_lies_in_place_of_here_is_not_followed()
    {
        Directory.CreateDirectory(_here + "/elsewhere");
        Directory.CreateDirectory(_here + "/t");
        Directory.CreateSymbolicLink(_here + "/t/d", _here + "/elsewhere");
        Assert.Equal("NotADirectory", Run(
            """
            Invoke-SandboxCommand "mkdir -p $D/t/d; echo evil > $D/t/d/f" -Sandbox $Box
            Copy-SandboxItem "$D/t" $H -FromSandbox $Box -Recurse
            """).ErrorId);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_here + "/elsewhere"));
    }

    [Fact]
    public void Many_small_files_go_over_as_one_and_hard_names_with_them()
    {
        string tree = Directory.CreateDirectory(_here + "/many").FullName;
        for (int i = 0; i < 2_000; i++)
        {
            File.WriteAllBytes($"{tree}/{i}", new byte[i % 1500]);
        }

        foreach (string name in new[] { "line\nbreak", "with space", "-rf", "[x]", "🎉", new string('n', 255) })
        {
            File.WriteAllText($"{tree}/{name}", name);
        }

        Shell("mkfifo pipe", tree);
        EngineResult result = Run(
            """
            Copy-SandboxItem "$H/many" $D -ToSandbox $Box -Recurse -Checksum
            Copy-SandboxItem $D "$H/back" -FromSandbox $Box -Recurse -Checksum
            """);
        Assert.Empty(result.Errors);
        Assert.Contains("pipe", Assert.Single(result.Warnings), StringComparison.Ordinal);
        const string hashes = "find . -type f -exec sha256sum -z {} + | sort -z";
        Assert.Equal(Shell(hashes, tree), Shell(hashes, _here + "/back"));
        Assert.Equal("NotAFile", Run("Copy-SandboxItem \"$H/many/pipe\" $D -ToSandbox $Box").ErrorId);
    }

    [Fact]
    public void Stop_ends_a_copy_and_leaves_no_half_of_it()
    {
        using (FileStream large = File.Create(_here + "/large"))
        {
            large.SetLength(8L << 30);
        }

        using Engine busy = new();
        using PowerShell shell = busy.Prepare("Copy-SandboxItem $H/large $D/large -ToSandbox $Box -Force", ("Box", fixture.Box), ("D", _inside), ("H", _here));
        shell.BeginInvoke();
        Wait.Until(() => Run("Get-SandboxChildItem $D -Force -Sandbox $Box -ErrorAction SilentlyContinue").Output.Count > 0, "the copy has begun");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Equal(["False"], Run("Test-SandboxPath $D/large -Sandbox $Box").Texts);
    }

    private static string Shell(string command, string directory)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = directory, RedirectStandardOutput = true })!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return output;
    }

    private EngineResult Run(string script) => _engine.Run(script, ("D", _inside), ("H", _here));
}
