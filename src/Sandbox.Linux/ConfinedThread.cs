using System.Collections.Concurrent;

namespace Sandbox.Linux;

/// <summary>A thread in a Landlock domain. The children that it starts are in that domain as well; the other threads of this process are not.</summary>
internal sealed class ConfinedThread
{
    private readonly BlockingCollection<Action> _work = [];

    /// <summary>Starts the thread.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It could not enter a domain.</exception>
    public ConfinedThread()
    {
        TaskCompletionSource entered = new();
        Thread thread = new(() => Run(entered)) { IsBackground = true, Name = "child starter" };
        thread.Start();
        entered.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs a function on the thread and returns its result.</summary>
    public T Invoke<T>(Func<T> function)
    {
        TaskCompletionSource<T> done = new();
        _work.Add(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    private void Run(TaskCompletionSource entered)
    {
        try
        {
            Landlock.EnterDomain();
            entered.SetResult();
        }
        catch (Exception exception)
        {
            entered.SetException(exception);
            return;
        }

        foreach (Action work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
