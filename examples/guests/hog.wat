;; A mod of examples/08_game.cpp: it says that it is there, and then never ends.
(module
  (import "field" "say" (func $say (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "I am busy")
  (global $said (mut i32) (i32.const 0))
  (func (export "tick")
    (if (i32.eqz (global.get $said)) (then (global.set $said (i32.const 1)) (call $say (i32.const 16) (i32.const 9))))
    (loop $for_ever (br $for_ever))))
