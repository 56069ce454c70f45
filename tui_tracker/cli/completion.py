"""Print the completion script of a shell; it asks tt itself what can stand where.

bash    tt completion bash > ~/.local/share/bash-completion/completions/tt
zsh     tt completion zsh > a file _tt in a folder of $fpath
fish    tt completion fish > ~/.config/fish/completions/tt.fish
"""

from __future__ import annotations

import argparse

_BASH = """\
# bash completion of tt, made by `tt completion bash`
_tui_tracker() {
    local word text
    COMPREPLY=()
    while IFS=$'\\t' read -r word text; do
        case $word in
            :files) COMPREPLY=(); compopt -o default 2>/dev/null; return ;;
            :folders) COMPREPLY=(); compopt -o dirnames 2>/dev/null; return ;;
            ?*) COMPREPLY+=("$(printf '%q' "$word")") ;;
        esac
    done < <("$1" __complete --line "${COMP_LINE:0:COMP_POINT}" --last="$2" 2>/dev/null)
}
complete -F _tui_tracker tt tui-tracker
"""

_ZSH = """\
#compdef tt tui-tracker
# zsh completion of tt, made by `tt completion zsh`
_tui_tracker() {
    local -a found
    local word text
    while IFS=$'\\t' read -r word text; do
        case $word in
            :files) _files; return ;;
            :folders) _files -/; return ;;
            ?*) found+=("${word//:/\\\\:}:$text") ;;
        esac
    done < <("${words[1]}" __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    _describe 'tt' found
}
if [ "$funcstack[1]" = "_tt" ]; then
    _tui_tracker "$@"
else
    compdef _tui_tracker tt tui-tracker
fi
"""

_FISH = """\
# fish completion of tt, made by `tt completion fish`
function __tui_tracker
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':folders'
                __fish_complete_directories "$current"
            case '*'
                printf '%s\\n' $line
        end
    end
end
complete -c tt -f -k -a '(__tui_tracker)'
complete -c tui-tracker -f -k -a '(__tui_tracker)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    print(SCRIPTS[args.shell], end="")
    return 0
