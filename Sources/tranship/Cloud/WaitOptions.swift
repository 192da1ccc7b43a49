// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

/// Until when something is waited for.
struct WaitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Wait no longer than so: 90s, 30m, 2h.", valueName: "time"))
    var deadline = Span(seconds: 3600)

    @Option(help: ArgumentHelp("Look so often.", valueName: "time"))
    var interval = Span(seconds: 2)

    var pace: Pace {
        Pace(
            intervalSeconds: Double(interval.seconds), deadlineSeconds: Double(deadline.seconds))
    }
}
