using System.Diagnostics;
using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class TimeTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void A_time_out_is_the_error_CommandTimedOut_after_the_output_so_far()
    {
        EngineResult result = _engine.Run("$s = New-SandboxSession -Sandbox $Box; $s | Invoke-SandboxCommand 'echo before; sleep 60' -TimeoutSeconds 0.3");
        Assert.Equal("before", Assert.Single(result.Output).ToString());
        Assert.Equal(("CommandTimedOut", ErrorCategory.OperationTimeout), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Null(result.Terminating);
        Assert.Equal(["usable"], _engine.Run("$s | Invoke-SandboxCommand 'echo usable'").Texts);
    }

    [Fact]
    public void With_AsResult_it_is_only_TimedOut()
    {
        dynamic result = _engine.Run("Invoke-SandboxCommand 'echo before; sleep 60' -Sandbox $Box -TimeoutSeconds 0.3 -AsResult").One;
        Assert.Equal((true, "before\n", false), ((bool)result.TimedOut, (string)result.StandardOutput, (bool)result.Success));
    }

    [Fact]
    public void The_sessions_limit_holds_and_a_commands_own_overrides_it_both_ways()
    {
        _ = _engine.Run("$s = New-SandboxSession -Sandbox $Box -CommandTimeoutSeconds 0.5").Clean;
        Assert.Equal(["0.5"], _engine.Run("\"$($s.CommandTimeoutSeconds)\"").Texts);
        Assert.Equal("CommandTimedOut", _engine.Run("$s | Invoke-SandboxCommand 'sleep 60'").ErrorId);
        Assert.Equal(["longer"], _engine.Run("$s | Invoke-SandboxCommand 'sleep 0.8; echo longer' -TimeoutSeconds 30").Texts);
        Assert.Equal("CommandTimedOut", _engine.Run("$s | Invoke-SandboxCommand 'sleep 0.4' -TimeoutSeconds 0.1").ErrorId);
    }

    [Fact]
    public void A_session_of_five_seconds_overridden_by_three_stops_after_three()
    {
        long begin = Stopwatch.GetTimestamp();
        EngineResult result = _engine.Run("New-SandboxSession -Sandbox $Box -CommandTimeoutSeconds 5 | Invoke-SandboxCommand 'sleep 60' -TimeoutSeconds 3");
        Assert.Equal("CommandTimedOut", result.ErrorId);
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 2.9, 4.9);
    }

    [Fact]
    public void A_TimeSpan_is_a_limit_too() =>
        Assert.Equal("CommandTimedOut", _engine.Run("Invoke-SandboxCommand 'sleep 60' -Sandbox $Box -TimeoutSeconds ([timespan]::FromMilliseconds(200))").ErrorId);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("([double]::NaN)")]
    [InlineData("soon")]
    public void A_limit_that_is_not_above_zero_is_refused(string limit) =>
        Assert.StartsWith("ParameterArgument", _engine.Run($"Invoke-SandboxCommand true -Sandbox $Box -TimeoutSeconds {limit}").ErrorId.Replace("CannotConvert", "Parameter", StringComparison.Ordinal), StringComparison.Ordinal);
}
