# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: Tranship beside other ways to copy images, and the page with the figures.

`rows` says what is measured and what is to be reached, `contestants` how each copies, `worlds`
between which services, `measure` what one copy costs, `profiles` what binds. `page` and `plots`
write what was found. Each C file says in its first lines what it is for.
"""
