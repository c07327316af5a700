#!/usr/bin/env python3
"""Writes chat.json beside itself: chat templates, conversations, and what transformers makes of them.

    pip install transformers==5.23.0 jinja2==3.1.6
    python3 Tests/Fixtures/chat/make_chat_fixtures.py

The templates are ours, written in the manner of models' own, with everything that those use; scripts/check_templates.py
checks the real ones. A result that is an error stands there as null.
"""
import json, pathlib, random
import jinja2, transformers
from transformers.utils.chat_template_utils import render_jinja_template

SEED, CONVERSATIONS = 3, 25
HERE = pathlib.Path(__file__).resolve().parent

CHATML = """\
{%- for message in messages %}
    {%- if loop.first and message['role'] != 'system' %}
        {{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
    {%- endif %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content | trim + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
TOOLS = """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is defined and message.reasoning_content is not none %}
            {%- set reasoning = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning)) %}
            {{- '<|im_start|>assistant\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>assistant\\n' + content }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {%- if (loop.first and content) or (not loop.first) %}{{- '\\n' }}{%- endif %}
            {%- if call.function %}{%- set call = call.function %}{%- endif %}
            {{- '<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}
            {%- if call.arguments is string %}{{- call.arguments }}{%- else %}{{- call.arguments | tojson }}{%- endif %}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' ~ message.content ~ '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}"""
HEADERS = """\
{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- endif %}
{%- endif %}
{#- The system message stands apart #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Today: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
{%- for t in tools %}
    {{- t | tojson(indent=4) }}
    {{- "\\n\\n" }}
{%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One call at a time!") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n{"name": "' + call.name + '", "parameters": ' }}
        {{- call.arguments | tojson }}
        {{- "}<|eot_id|>" }}
    {%- else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
"""
TURNS = """\
{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
"""
BRACKETS = """\
{%- set user_messages = messages | selectattr("role", "equalto", "user") | list %}
{%- if tools is not defined %}{%- set tools = none %}{%- endif %}
{{- bos_token }}
{%- for message in messages if message.role in ["user", "assistant"] %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {{- "[INST] " ~ message["content"] ~ "[/INST]" }}
    {%- elif message.content is string %}
        {{- " " + message["content"] + eos_token }}
    {%- endif %}
{%- else %}
nothing
{%- endfor %}
"""
FEATURES = """\
{%- macro show(name, value='none', mark="!") -%}
  <{{ name }}={{ value }}{{ mark }}>
{%- endmacro -%}
{% for message in messages %}
  {% set n = loop.index %}
{{ loop.index }}/{{ loop.length }} {{ loop.revindex }} {{ loop.cycle('a', 'b') }} {{ (loop.previtem | default({})).role | default('-') }}
  {% if n == 4 %}{% break %}{% endif +%}
  {%- if n % 2 %}{% continue %}{% endif %}
  {{ show(message.role, mark=loop.last) }}
{% endfor %}
{{ [1, 2.5, -3] | sum }} {{ [3, 1, 2] | sort | join(',') }} {{ ['b', 'A'] | sort(reverse=true) | first }} {{ range(5) | list }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 2 ** 5 }} {{ 1 / 4 }} {{ 1e3 if false else 3 == 3.0 }} {{ 'a' * 3 }}
{{ {'k': 'v"', 'n': none, 't': true, 'l': [1, 'ü', 2.0]} }} {{ {'k': 'v"', 'x': {'y': []}} | tojson }} {{ 'it\\'s' }}
{{ messages | map(attribute='role') | unique | join('|') }} {{ messages | rejectattr('role', 'eq', 'user') | list | length }}
{{ "  Ab cD\\n".strip() | lower | capitalize }} {{ 'x-y z'.title() }} {{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'abcabc'.replace('b', '', 1) }}
{{ 'hello'[1:3] }} {{ 'hello'[::-1] }} {{ 'hello'[-1] }} {{ (1, 2)[0] }} {{ 'b' in 'abc' }} {{ 5 not in [1, 2] }} {{ none is none }} {{ undefined_thing is defined }}
{{ 'one\\ntwo' | indent(2) }} {{ '3' | int + 1 }} {{ 3.7 | int }} {{ 'x' | int(9) }} {{ 2.5 | round }} {{ missing | default('d') }} {{ '' | default('e', true) }}
{% set text %}
block {{ 1 + 1 }}
{% endset %}
[{{ text | trim }}] {% raw %}{{ raw }}{% endraw %} {{ "a" "b" }} {{ 'q' ~ 1 ~ none }} {{ not true or 1 < 2 <= 2 }}
{% set ns = namespace(n=0, items=[]) %}{% for a, b in {'x': 1, 'y': 2}.items() %}{% set ns.n = ns.n + b %}{% set ns.items = ns.items + [a] %}{% endfor %}{{ ns.n }}{{ ns.items }}
    {# gone #}
  {%- generation %}{{ messages[-1].content if messages[-1].content is string }}{% endgeneration %}
{% filter upper %}loud{% endfilter %} {{ ({'b': 1, 'a': 2} | dictsort)[0][0] }} {{ [1, [2, 3]] | last | first }} {{ strftime_now('%Y-%m-%d %B') }}
"""
TEMPLATES = {"chatml": CHATML, "tools": TOOLS, "headers": HEADERS, "turns": TURNS, "brackets": BRACKETS, "features": FEATURES}

TOOL_LIST = [{"type": "function", "function": {"name": "weather", "description": "Today's \"weather\" <b>",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1.5}},
                   "required": ["city"]}, "return": {"type": "string"}}}]


def conversation(r):
    texts = ["Hi", "  spaced \n", "", "日本語 & <tags>", "a 'quote' \"two\"", "<think>\nhm\n</think>\n\nyes", "<tool_response>x</tool_response>"]
    messages = [{"role": "system", "content": r.choice(texts)}] if r.random() < 0.5 else []
    for turn in range(r.randrange(1, 6)):
        if r.random() < 0.8:
            role = ("user", "assistant")[turn % 2]
        else:
            role = r.choice(["user", "assistant", "tool"])
        message = {"role": role, "content": r.choice(texts)}
        if role == "assistant" and r.random() < 0.3:
            message["tool_calls"] = [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Zürich", "days": 2}}}
                                     for _ in range(r.choice([1, 1, 2]))]
        if role == "assistant" and r.random() < 0.2:
            message["reasoning_content"] = "so"
        if role == "user" and r.random() < 0.2:
            message["content"] = [{"type": "image"}, {"type": "text", "text": " look "}]
        messages.append(message)
    return messages


class Day:
    @staticmethod
    def now():
        import datetime
        return datetime.datetime(2024, 7, 26, 13, 5, 9)


def main():
    import transformers.utils.chat_template_utils as utils

    utils.datetime = Day
    r = random.Random(SEED)
    cases = []
    for _ in range(CONVERSATIONS):
        variables = {"bos_token": "<s>", "eos_token": "</s>"} | ({"enable_thinking": False} if r.random() < 0.3 else {})
        cases.append({"messages": conversation(r), "tools": TOOL_LIST if r.random() < 0.4 else None,
                      "add_generation_prompt": r.random() < 0.5, "variables": variables})
    results = {}
    for name, template in TEMPLATES.items():
        results[name] = []
        for case in cases:
            try:
                rendered, _ = render_jinja_template(
                    [case["messages"]], tools=case["tools"], chat_template=template,
                    add_generation_prompt=case["add_generation_prompt"], **case["variables"])
                results[name].append(rendered[0])
            except (jinja2.TemplateError, TypeError):
                results[name].append(None)
    (HERE / "chat.json").write_text(json.dumps({
        "generator": f"make_chat_fixtures.py, transformers {transformers.__version__}, jinja2 {jinja2.__version__}, seed {SEED}",
        "templates": TEMPLATES, "cases": cases, "results": results}, separators=(",", ":")) + "\n", encoding="utf-8")
    print({name: sum(x is None for x in texts) for name, texts in results.items()})


if __name__ == "__main__":
    main()
