"""Runs code in one lasting namespace, for the agent that started this program.

Requests come on descriptor 3 and answers go out on descriptor 4, one JSON object a line, so that whatever the code does with
standard input and output disturbs neither. Standard output and error are the code's own.
"""

import ast
import asyncio
import base64
import builtins
import fcntl
import inspect
import io
import json
import linecache
import os
import signal
import sys
import threading
import traceback
import types

# Kept aside, high and closed to children: code that closes the usual low descriptors does not hit them.
ASIDE = 200
requests = os.fdopen(fcntl.fcntl(3, fcntl.F_DUPFD_CLOEXEC, ASIDE), "rb")
answers = os.fdopen(fcntl.fcntl(4, fcntl.F_DUPFD_CLOEXEC, ASIDE), "wb")
os.close(3)
os.close(4)

OWN_FILE = __file__
OWN_ID = os.getpid()
TEXTS = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_latex_", "text/latex"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_json_", "application/json"),
    ("_repr_javascript_", "application/javascript"),
)
IMAGES = (("_repr_png_", "image/png"), ("_repr_jpeg_", "image/jpeg"))

answering = threading.Lock()
running = False
loop = None


def answer(**fields):
    line = json.dumps(fields, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
    with answering:
        answers.write(line)
        answers.flush()


def on_interrupt(number, frame):
    # Late ones, when the code has just ended, are nobody's.
    if running:
        raise KeyboardInterrupt


def represent(value, name):
    method = None if isinstance(value, type) else getattr(value, name, None)
    if method is None:
        return None
    try:
        shown = method()
    except Exception:
        return None
    return shown[0] if isinstance(shown, tuple) else shown


def plain_json(value):
    if not isinstance(value, (dict, list, tuple)):
        return None
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return None


def bundle(value):
    """The forms in which a value can be shown, by media type, as Jupyter has them."""
    data = {}
    try:
        data["text/plain"] = value if isinstance(value, Shown) else repr(value)
    except Exception as failure:
        data["text/plain"] = "<%s whose repr() failed: %s>" % (type(value).__name__, failure)
    whole = represent(value, "_repr_mimebundle_")
    if isinstance(whole, dict):
        data.update({key: base64.b64encode(item).decode() if isinstance(item, bytes) else item for key, item in whole.items()})
    for name, kind in TEXTS:
        shown = represent(value, name)
        if shown is not None:
            data[kind] = shown
    for name, kind in IMAGES:
        shown = represent(value, name)
        if isinstance(shown, bytes):
            shown = base64.b64encode(shown).decode()
        if shown is not None:
            data[kind] = shown
    structure = plain_json(value)
    if structure is not None:
        data.setdefault("application/json", structure)
    try:
        json.dumps(data, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        data = {key: item for key, item in data.items() if isinstance(item, str)}
    return data


class Shown(str):
    """Text that is shown as it is."""


def display(*values, raw=False, **_):
    """Shows values among the results, as in a notebook. With raw=True they are dictionaries from media type to content."""
    for value in values:
        answer(type="result", kind="display", data=value if raw else bundle(value))


def show_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        image = io.BytesIO()
        figure.savefig(image, format="png")
        answer(type="result", kind="display", data={"text/plain": repr(figure), "image/png": base64.b64encode(image.getvalue()).decode()})
    pyplot.close("all")


def evaluate(code, namespace):
    global loop
    value = eval(code, namespace)
    if not code.co_flags & inspect.CO_COROUTINE:
        return value
    if loop is None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    task = loop.create_task(value)
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt:
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        raise


def run_code(source, file, namespace):
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    tree = compile(source, file, "exec", ast.PyCF_ONLY_AST | flags, dont_inherit=True)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    evaluate(compile(tree, file, "exec", flags, dont_inherit=True), namespace)
    if last is not None:
        value = evaluate(compile(ast.Expression(last.value), file, "eval", flags, dont_inherit=True), namespace)
        if value is not None:
            namespace["_"] = value
            return value
    return None


def describe(failure):
    try:
        told = traceback.TracebackException.from_exception(failure)
        # Our own frames tell nobody anything.
        told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame.filename != OWN_FILE])
        text = "".join(told.format())
    except Exception:
        text = type(failure).__name__
    try:
        value = str(failure)
    except Exception:
        value = ""
    return {"name": type(failure).__name__, "value": value, "traceback": text.splitlines()}


def apply(changes):
    before = {name: os.environ.get(name) for name in changes}
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def end_fork(code):
    # A process that the code forked ends with the code: its parent alone answers and goes on.
    if os.getpid() != OWN_ID:
        flush()
        os._exit(code)


def run(request, count, namespace):
    global running
    error = None
    before = apply(request.get("env") or {})
    try:
        try:
            running = True
            value = run_code(request["code"], "<run %d>" % count, namespace)
            end_fork(0)
            show_figures()
            if value is not None:
                answer(type="result", kind="result", data=bundle(value))
        finally:
            running = False
    except BaseException as failure:
        end_fork(1)
        error = describe(failure)
    apply(before)
    flush()
    answer(type="done", run=request["run"], error=error, count=count)


def main():
    # The code's module is the main one, as pickle and multiprocessing expect; this program is none of its business.
    user = types.ModuleType("__main__")
    user.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = user
    sys.path[0] = ""
    sys.argv[:] = [""]
    builtins.display = display
    os.environ.setdefault("MPLBACKEND", "agg")
    signal.signal(signal.SIGINT, on_interrupt)
    answer(type="ready")
    count = 0
    for line in requests:
        count += 1
        run(json.loads(line), count, user.__dict__)


main()
