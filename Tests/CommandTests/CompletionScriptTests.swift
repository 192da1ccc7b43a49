// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import tranship

/// The second words of commands in the scripts for shells; `completion.txt` presses TAB in bash.
@Suite struct CompletionScriptTests {
    private func script(_ shell: CompletionShell) -> String {
        CompletionScript.withAliases(DescribedTranship.completionScript(for: shell))
    }

    @Test(arguments: [CompletionShell.bash, .zsh])
    func `A second word calls the function of its command`(shell: CompletionShell) {
        let script = script(shell)
        let arms = script.split(separator: "\n").filter {
            $0.hasSuffix(")") && $0.contains("|download|") && !$0.contains("members")
        }
        #expect(arms.count == 1)
        #expect(arms.first?.contains("save|") == true)
        for (word, command) in [
            ("ls", "image_list"), ("rm", "image_delete"), ("image_ls", "image_list"),
            ("image_save", "image_download"), ("v1_rm", "v1_delete"),
            ("v1_members_ls", "v1_members_list"), ("store_ls", "store_list"),
        ] {
            let function = "_tranship_\(word)() {\n    _tranship_\(command)\n}\n"
            #expect(script.split(separator: function).count == 2, "\(word)")
        }
    }

    @Test func `fish reads a second word as its command`() {
        let script = script(.fish)
        #expect(
            script.contains(
                "\n            case 'download' 'save'\n"
                    + "                set unparsed_tokens[1] 'download'\n"
                    + "                __tranship_parse_subcommand "))
        #expect(
            script.contains(
                """

                        switch $unparsed_tokens[1]
                        case 'ls'
                            set unparsed_tokens 'image' 'list' $unparsed_tokens[2..]
                        case 'rm'
                            set unparsed_tokens 'image' 'delete' $unparsed_tokens[2..]
                        end
                        switch $unparsed_tokens[1]
                        case 'copy'

                """))
        // The image command of legacy clouds has no such word.
        #expect(script.split(separator: " 'save'\n").count == 2)
        #expect(
            script.contains(
                "\n                case 'list' 'ls'\n                    set unparsed_tokens[1] 'list'\n"
            ))
    }

    @Test func `Another text stays as it is`() {
        #expect(CompletionScript.withAliases("OVERVIEW: list|show)\n") == "OVERVIEW: list|show)\n")
    }

    @Test func `A path of a journal is a file in every command`() {
        let commands = script(.fish).split(separator: "\n").filter { $0.contains(" -l 'journal' ") }
        #expect(commands.count > 10)
        #expect(commands.allSatisfy { $0.contains("sqlite") })
    }
}
